-- References and attempts of one plan without a verdict of its judge. An infrastructure error counts as no verdict;
-- `replaces` says that such a row is there.
create macro pending_execute(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan
),
programs as (
    select attempt_id from attempts_of(of_plan)
    union
    select a.attempt_id
    from plan as p
    join selections as s using (selection_id)
    join attempts as a on a.problem_id = s.problem_id
    where a.kind = 'reference'
)
select a.attempt_id, a.problem_id, a.bucket, a.code, e.verdict is not null as replaces, 1::bigint as missing
from programs
join attempts as a using (attempt_id)
join problems as pr on pr.problem_id = a.problem_id and pr.tests_kind <> 'none'
cross join plan as p
left join executions as e
    on e.attempt_id = a.attempt_id and e.suite_id = p.suite_id and e.judge_version = p.judge_version
where e.verdict is null or e.verdict = 'infra'
order by a.problem_id, a.attempt_id;
