-- Problems whose own reference does not pass their tests under one suite and judge.
create macro failed_references(of_suite, of_version) as table
select a.problem_id
from attempts as a
join problems as p on p.problem_id = a.problem_id and p.reference = a.code  -- a mended one leaves its old row
join executions as e using (attempt_id)
where a.kind = 'reference' and e.suite_id = of_suite and e.judge_version = of_version
  and e.verdict not in ('passed', 'infra');
