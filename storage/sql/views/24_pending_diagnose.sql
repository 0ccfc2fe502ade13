-- Wrong programs of one plan that lack explanations. `round` is the round of repair that they are explained for.
create macro pending_diagnose(of_plan) as table
with plan as (
    select * from plans
    where plan_id = of_plan and list_contains(products, 'debugging') and diagnose_recipe is not null
),
held as (
    select d.attempt_id, list(d.sample_index order by d.sample_index) as present
    from plan as p
    join diagnoses as d on d.recipe_id = p.diagnose_recipe and d.sample_index < p.diagnoses
    group by d.attempt_id
)
select w.attempt_id, w.problem_id, s.bucket, w.round + 1 as round, w.code, w.feedback,
       coalesce(h.present, []) as present, p.diagnoses - len(coalesce(h.present, [])) as missing
from plan as p
join selections as s using (selection_id)
join repairable_of(of_plan) as w on w.problem_id = s.problem_id
left join held as h using (attempt_id)
where len(coalesce(h.present, [])) < p.diagnoses
order by w.problem_id, w.attempt_id;
