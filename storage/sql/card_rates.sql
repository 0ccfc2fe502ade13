-- One row: programs judged for the problems of the dataset without references, and how many of them had which failure.
with judged as (
    select e.attempt_id, e.verdict, e.flags
    from executions as e
    join attempts as a using (attempt_id)
    where a.kind <> 'reference' and e.verdict <> 'no_code' and e.problem_id in (select problem_id from candidates)
)
select count(*) as judged,
       count(*) filter (verdict = 'infra') as infra,
       count(*) filter (list_contains(flags, 'tampered')) as tampered,
       count(*) filter (list_contains(flags, 'flaky')) as flaky
from judged
