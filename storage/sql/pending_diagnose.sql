-- Wrong programs of the round before that still lack explanations of this recipe.
with have as (
    select attempt_id, list(sample_index order by sample_index) as present
    from diagnoses
    where recipe_id = $diagnose_recipe and sample_index < $diagnoses
    group by attempt_id
)
select w.attempt_id, w.problem_id, s.bucket, w.code, w.feedback, coalesce(h.present, []) as present
from repairable(
    $selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $rounds, $suite, $judge_version,
    $round - 1
) as w
join selections as s on s.problem_id = w.problem_id and s.selection_id = $selection
left join have as h using (attempt_id)
where len(coalesce(h.present, [])) < $diagnoses
order by w.problem_id, w.attempt_id
