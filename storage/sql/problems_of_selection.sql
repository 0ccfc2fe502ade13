-- What prompts and the judge need of each problem; once per problem, however many programs it has.
select p.problem_id, p.bucket, p.prompt, p.entry_point, p.context, p.tests
from selections as s
join problems as p using (problem_id)
where s.selection_id = $selection
