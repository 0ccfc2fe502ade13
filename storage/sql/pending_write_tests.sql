-- Problems of the selection that still lack answers of this recipe, with the sample indices already there.
with have as (
    select problem_id, list(distinct sample_index order by sample_index) as present
    from tests
    where recipe_id = $tests_recipe and sample_index < $tests_samples
    group by problem_id
)
select s.problem_id, s.bucket, coalesce(h.present, []) as present
from selections as s
left join have as h using (problem_id)
where s.selection_id = $selection and len(coalesce(h.present, [])) < $tests_samples
  and not ($skip_failed_references and s.problem_id in (select * from failed_references($suite, $judge_version)))
  and s.problem_id not in (select row_id from drops where stage = 'write_tests')
order by s.problem_id
