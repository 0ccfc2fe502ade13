-- Verdicts of programs on generated tests, one row per program and test, by one judge under one set of conditions.
create macro cells(of_conditions, of_version) as table
with judged as (
    select attempt_id, problem_id, unnest(tests) as cell
    from executions
    where suite = 'generated' and conditions_id = of_conditions and judge_version = of_version
      and verdict <> 'infra'
)
select attempt_id, problem_id, cell.test as test, cell.verdict as verdict from judged;
