-- The attempts of one plan with their verdict on the problem's own tests by the plan's judge; null where there is none yet.
create macro verdicts_of(of_plan) as table
select a.*, e.verdict, e.feedback, e.flags, e.passed_tests, e.total_tests
from attempts_of(of_plan) as a
join plans as p on p.plan_id = of_plan
left join executions as e
    on e.attempt_id = a.attempt_id and e.suite_id = p.suite_id and e.judge_version = p.judge_version;
