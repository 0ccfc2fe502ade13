-- Seeds of the table `wanted` that have concepts and lack tasks of this recipe, with the sample indices already there.
with have as (
    select seed_id, list(sample_index order by sample_index) as present
    from ideas
    where step = 'task' and recipe_id = $task_recipe and sample_index < $tasks
    group by seed_id
)
select s.*, c.text as concepts, coalesce(h.present, []) as present
from wanted
join seeds as s using (seed_id)
join ideas as c on c.seed_id = s.seed_id and c.step = 'concepts' and c.recipe_id = $concepts_recipe
left join have as h on h.seed_id = s.seed_id
where c.text is not null and len(coalesce(h.present, [])) < $tasks
order by s.seed_id
