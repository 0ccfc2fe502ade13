-- One row: how the programs that one flow run judged came off, references left out.
select count(*) as judged,
       count(*) filter (e.verdict = 'infra') as infra,
       count(*) filter (list_contains(e.flags, 'tampered')) as tampered,
       count(*) filter (list_contains(e.flags, 'flaky')) as flaky
from executions as e
semi join (select attempt_id from attempts where kind <> 'reference') as a using (attempt_id)
where e.run_id = $run and e.verdict <> 'no_code'
