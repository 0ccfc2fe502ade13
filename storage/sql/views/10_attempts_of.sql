-- The attempts of one plan: first attempts by its recipe, and the repairs that descend from them. `root_id` is the first
-- attempt that a repair goes back to.
create macro attempts_of(of_plan) as table
with recursive plan as (
    select * from plans where plan_id = of_plan
),
chain as (
    select a.attempt_id, a.problem_id, a.round, a.attempt_id as root_id, a.code, a.no_code_reason, a.sample_index
    from plan as p
    join selections as s on s.selection_id = p.selection_id
    join attempts as a on a.problem_id = s.problem_id and a.recipe_id = p.generate_recipe and a.sample_index < p.samples
    where a.kind = 'generate'
    union all
    select a.attempt_id, a.problem_id, a.round, c.root_id, a.code, a.no_code_reason, a.sample_index
    from chain as c
    join attempts as a on a.parent_attempt_id = c.attempt_id
    join plan as p
        on a.recipe_id = p.repair_recipe and a.round <= p.rounds and a.sample_index < p.repairs
    left join diagnoses as d on d.diagnosis_id = a.diagnosis_id
    where a.kind = 'repair' and coalesce(d.sample_index, 0) < p.diagnoses
)
select * from chain;
