-- Problems of the selection that still lack samples of this recipe, with the sample indices already there.
with failed_references as (
    select a.problem_id
    from attempts as a
    join executions as e using (attempt_id)
    where a.kind = 'reference' and e.suite_id = $suite and e.judge_version = $judge_version
      and e.verdict not in ('passed', 'infra')
)
select p.problem_id, p.bucket, p.prompt, p.entry_point, p.tests,
       coalesce(list(a.sample_index order by a.sample_index) filter (a.sample_index < $samples), []) as present
from selections as s
join problems as p using (problem_id)
left join attempts as a on a.problem_id = p.problem_id and a.recipe_id = $generate_recipe and a.kind = 'generate'
where s.selection_id = $selection
  and not ($skip_failed_references and p.problem_id in (select problem_id from failed_references))
group by all
having len(present) < $samples
order by p.problem_id
