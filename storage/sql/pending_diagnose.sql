-- Wrong programs of the round before that still lack explanations of this recipe.
select w.attempt_id, w.problem_id, p.bucket, p.prompt, p.entry_point, p.tests, w.code, w.feedback,
       coalesce(list(d.sample_index order by d.sample_index) filter (d.sample_index < $diagnoses), []) as present
from repairable(
    $selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $suite, $judge_version, $round - 1
) as w
join problems as p using (problem_id)
left join diagnoses as d on d.attempt_id = w.attempt_id and d.recipe_id = $diagnose_recipe
group by all
having len(present) < $diagnoses
order by w.problem_id, w.attempt_id
