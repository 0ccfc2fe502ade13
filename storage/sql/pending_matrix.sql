-- First attempts of the plan that have not been run on every test of their problem: each with the tests it lacks.
-- `broken` are suites that a hiccup of ours left without a verdict.
with programs as (
    select m.attempt_id, m.problem_id, s.bucket, m.code
    from mine($selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $rounds) as m
    join selections as s on s.problem_id = m.problem_id and s.selection_id = $selection
    where m.round = 0 and m.code is not null
),
broken as (
    select attempt_id, list(suite_id) as suites
    from executions
    where suite = 'generated' and judge_version = $judge_version and verdict = 'infra'
    group by attempt_id
)
select p.attempt_id, p.problem_id, p.bucket, p.code, list(t.test order by t.place) as lacking,
       any_value(coalesce(b.suites, [])) as broken
from programs as p
join suite_tests($selection, $tests_recipe, $tests_samples, $tests_wanted) as t using (problem_id)
left join cells($matrix_conditions, $judge_version) as c on c.attempt_id = p.attempt_id and c.test = t.test
left join broken as b on b.attempt_id = p.attempt_id
where c.attempt_id is null
group by p.attempt_id, p.problem_id, p.bucket, p.code
order by p.problem_id, p.attempt_id
