-- Problems of the selection that still lack samples of this recipe, with the sample indices already there.
with have as (
    select problem_id, list(sample_index order by sample_index) as present
    from attempts
    where recipe_id = $generate_recipe and kind = 'generate' and sample_index < $samples
    group by problem_id
)
select s.problem_id, s.bucket, coalesce(h.present, []) as present
from selections as s
left join have as h using (problem_id)
where s.selection_id = $selection and len(coalesce(h.present, [])) < $samples
  and not ($skip_failed_references and s.problem_id in (select * from failed_references($suite, $judge_version)))
order by s.problem_id
