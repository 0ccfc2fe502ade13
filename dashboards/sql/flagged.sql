-- Programs that tried to fool the judge, or that did not pass every time; the last ones.
select f.judged_at, f.model, f.kind, f.verdict, f.tampered, f.flaky, f.source, p.source_id, f.problem_id, f.attempt_id
from facts as f
join problems as p using (problem_id)
where f.tampered or f.flaky
order by f.judged_at desc, f.attempt_id
limit 50
