-- Problems of the selection that still lack samples of this recipe, with the sample indices already there.
with failed_references as (
    select a.problem_id
    from attempts as a
    join problems as p on p.problem_id = a.problem_id and p.reference = a.code  -- a mended one leaves its old row
    join executions as e using (attempt_id)
    where a.kind = 'reference' and e.suite_id = $suite and e.judge_version = $judge_version
      and e.verdict not in ('passed', 'infra')
),
have as (
    select problem_id, list(sample_index order by sample_index) as present
    from attempts
    where recipe_id = $generate_recipe and kind = 'generate' and sample_index < $samples
    group by problem_id
)
select s.problem_id, s.bucket, coalesce(h.present, []) as present
from selections as s
left join have as h using (problem_id)
where s.selection_id = $selection and len(coalesce(h.present, [])) < $samples
  and not ($skip_failed_references and s.problem_id in (select problem_id from failed_references))
order by s.problem_id
