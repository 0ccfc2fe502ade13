-- References of the selection and attempts of the plan that this judge has not judged yet. Hiccups of ours count as not
-- judged.
with wanted as (
    select attempt_id
    from mine($selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $rounds)
    union
    select a.attempt_id
    from attempts as a
    join selections as s on s.problem_id = a.problem_id and s.selection_id = $selection
    where a.kind = 'reference'
)
select a.attempt_id, a.problem_id, a.bucket, a.code, e.verdict is not null as again
from wanted
join attempts as a using (attempt_id)
join problems as p on p.problem_id = a.problem_id and p.tests_kind <> 'none'
left join executions as e
    on e.attempt_id = a.attempt_id and e.suite_id = $suite and e.judge_version = $judge_version
where e.verdict is null or e.verdict = 'infra'
order by a.problem_id, a.attempt_id
