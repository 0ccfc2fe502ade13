-- The attempts that one plan calls its own: first attempts made by its recipe, and repairs that descend from them.
-- root_id is the first attempt a repair goes back to.
create macro mine(of_selection, of_generate, of_samples, of_repair, of_repairs, of_diagnoses, of_rounds) as table
with recursive chain as (
    select a.attempt_id, a.problem_id, a.round, a.attempt_id as root_id, a.code, a.no_code_reason, a.sample_index
    from attempts as a
    join selections as s on s.problem_id = a.problem_id and s.selection_id = of_selection
    where a.kind = 'generate' and a.recipe_id = of_generate and a.sample_index < of_samples
    union all
    select a.attempt_id, a.problem_id, a.round, c.root_id, a.code, a.no_code_reason, a.sample_index
    from attempts as a
    join chain as c on a.parent_attempt_id = c.attempt_id
    left join diagnoses as d on d.diagnosis_id = a.diagnosis_id
    where a.kind = 'repair' and a.round <= of_rounds and a.recipe_id = of_repair
      and a.sample_index < of_repairs and coalesce(d.sample_index, 0) < of_diagnoses
)
select * from chain;
