-- Every eligible row of the dataset as cleaning reads it: with its task in words and its programs.
select c.example_id, c.problem_id, c.source, c.licence, coalesce(p.origin, '') as origin, p.prompt,
       list_filter(c.program_codes, lambda code: code is not null) as codes,
       c.problem_id in (select problem_id from ideas where problem_id is not null) as mined
from candidates as c
join problems as p using (problem_id)
anti join ineligible using (example_id)
order by c.example_id
