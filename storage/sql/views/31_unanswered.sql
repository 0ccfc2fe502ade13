-- Requests that still lack an answer, with the server's words: `refused`, or `failed` in every attempt. The next run sends
-- them again; an answer takes a row out of this view.
create view unanswered as
with answered as (
    select problem_id as subject_id, recipe_id, sample_index from attempts where kind = 'generate'
    union all
    select concat(parent_attempt_id, ':', diagnosis_id), recipe_id, sample_index from attempts where kind = 'repair'
    union all
    select attempt_id, recipe_id, sample_index from diagnoses
    union all
    select problem_id, recipe_id, sample_index from tests where position = 0
    union all
    select seed_id, recipe_id, sample_index from ideas
)
select u.stage, p.source, p.source_id, u.sample_index, u.status, u.words, u.model, u.round, u.subject_id, u.problem_id,
       u.bucket, u.recipe_id, u.created_at
from unanswered_requests as u
anti join answered using (subject_id, recipe_id, sample_index)
left join problems as p on p.problem_id = u.problem_id;
-- The same for one plan: what a run of it lacks because a server did not answer.
create macro unanswered_of(of_plan) as table
select u.*
from plans as p
join selections as s using (selection_id)
join unanswered as u on u.problem_id = s.problem_id
where p.plan_id = of_plan
  and case u.stage
          when 'generate' then u.recipe_id = p.generate_recipe and u.sample_index < p.samples
          when 'write_tests' then u.recipe_id = p.tests_recipe and u.sample_index < p.tests_samples
              and list_contains(p.products, 'preference')
          when 'diagnose' then u.recipe_id = p.diagnose_recipe and u.sample_index < p.diagnoses
              and list_contains(p.products, 'debugging')
          when 'repair' then u.recipe_id = p.repair_recipe and u.sample_index < p.repairs
              and list_contains(p.products, 'debugging')
      end;
