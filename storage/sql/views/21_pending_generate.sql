-- Problems of one plan that lack first attempts, with the sample indices that are present.
create macro pending_generate(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan
),
held as (
    select a.problem_id, list(a.sample_index order by a.sample_index) as present
    from plan as p
    join attempts as a on a.recipe_id = p.generate_recipe and a.sample_index < p.samples
    where a.kind = 'generate'
    group by a.problem_id
)
select s.problem_id, s.bucket, coalesce(h.present, []) as present, p.samples - len(coalesce(h.present, [])) as missing
from plan as p
join selections as s using (selection_id)
left join held as h using (problem_id)
where len(coalesce(h.present, [])) < p.samples
  and not (p.skip_failed_references and s.problem_id in (select problem_id from failed_references_of(of_plan)))
order by s.problem_id;
