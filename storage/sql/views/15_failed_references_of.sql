-- Problems whose own reference does not pass their tests, by the judge and suite of one plan.
create macro failed_references_of(of_plan) as table
select a.problem_id
from attempts as a
join problems as pr on pr.problem_id = a.problem_id and pr.reference = a.code  -- a corrected reference leaves its old row
join plans as p on p.plan_id = of_plan
join executions as e
    on e.attempt_id = a.attempt_id and e.suite_id = p.suite_id and e.judge_version = p.judge_version
where a.kind = 'reference' and e.verdict not in ('passed', 'infra');
