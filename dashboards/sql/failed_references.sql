-- Problems whose own reference fails their own tests. One of both is wrong, so nothing about them is published.
select p.source, p.source_id, f.verdict, f.problem_id, f.attempt_id
from facts as f
join attempts as a using (attempt_id)
join problems as p on p.problem_id = f.problem_id and p.reference = a.code
where f.kind = 'reference' and f.verdict not in ('passed', 'infra', 'unjudged')
order by p.source, p.source_id
limit 100
