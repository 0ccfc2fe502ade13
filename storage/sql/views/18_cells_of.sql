-- Verdicts of programs on generated tests, a row per program and test, by the judge and matrix conditions of one plan.
create macro cells_of(of_plan) as table
with judged as (
    select e.attempt_id, e.problem_id, unnest(e.tests) as cell
    from plans as p
    join executions as e on e.conditions_id = p.matrix_conditions_id and e.judge_version = p.judge_version
    where p.plan_id = of_plan and e.suite = 'generated' and e.verdict <> 'infra'
)
select attempt_id, problem_id, cell.test as test, cell.verdict as verdict from judged;
