-- First attempts of one plan that have not been run on every generated test of their problem: each with the tests it
-- lacks. `broken_suites` are suites that an infrastructure error left without a verdict.
create macro pending_matrix(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan and list_contains(products, 'preference')
),
programs as (
    select a.attempt_id, a.problem_id, s.bucket, a.code
    from plan as p
    join selections as s using (selection_id)
    join attempts_of(of_plan) as a on a.problem_id = s.problem_id
    where a.round = 0 and a.code is not null
),
broken as (
    select e.attempt_id, list(e.suite_id) as suites
    from plan as p
    join executions as e on e.judge_version = p.judge_version
    where e.suite = 'generated' and e.verdict = 'infra'
    group by e.attempt_id
)
select a.attempt_id, a.problem_id, a.bucket, a.code, list(t.test order by t.place) as untried_tests,
       any_value(coalesce(b.suites, [])) as broken_suites, 1::bigint as missing
from programs as a
join suite_tests_of(of_plan) as t using (problem_id)
left join cells_of(of_plan) as c on c.attempt_id = a.attempt_id and c.test = t.test
left join broken as b on b.attempt_id = a.attempt_id
where c.attempt_id is null
group by a.attempt_id, a.problem_id, a.bucket, a.code
order by a.problem_id, a.attempt_id;
