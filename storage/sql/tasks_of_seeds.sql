-- The tasks in words that this recipe made of the seeds of the table `wanted`, each with its seed.
select i.idea_id, i.sample_index, i.text, i.problem_id, s.*
from wanted
join ideas as i using (seed_id)
join seeds as s using (seed_id)
where i.step = 'task' and i.recipe_id = $task_recipe and i.sample_index < $tasks and i.text is not null
order by i.idea_id
