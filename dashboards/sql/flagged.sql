-- The last programs that tampered with the judge, or whose verdict is flaky.
select f.judged_at, f.model, f.kind, f.verdict, f.tampered, f.flaky, f.source, p.source_id, f.problem_id, f.attempt_id
from facts as f
join problems as p using (problem_id)
where f.tampered or f.flaky
order by f.judged_at desc, f.attempt_id
limit 50
