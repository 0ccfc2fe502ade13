-- The problems of one plan, with what prompts and the judge need of each.
create macro problems_of(of_plan) as table
select pr.problem_id, pr.bucket, pr.prompt, pr.entry_point, pr.context, pr.tests
from plans as p
join selections as s using (selection_id)
join problems as pr using (problem_id)
where p.plan_id = of_plan;
