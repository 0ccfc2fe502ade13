-- Problems whose tests kill the smallest share of mutants.
select s.source, s.source_id, s.mutants, s.killed, s.survived, s.kill_rate, s.problem_id, p.bucket
from strength as s
join problems as p using (problem_id)
where s.kill_rate is not null
order by s.kill_rate, s.survived desc, s.source, s.source_id
limit 200
