-- Diagnoses by source and model, and how many hold an explanation.
select p.source, d.model, count(*) as diagnoses, count(*) filter (d.no_explanation_reason is null) as explained
from diagnoses as d
join problems as p using (problem_id)
group by all
order by all
limit 5000
