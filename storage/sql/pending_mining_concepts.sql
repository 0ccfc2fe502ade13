-- Seeds of the table `wanted` whose concepts nobody has been asked for by this recipe.
select s.seed_id, s.bucket, s.code, s.kind
from wanted
join seeds as s using (seed_id)
where s.seed_id not in (select seed_id from ideas where step = 'concepts' and recipe_id = $concepts_recipe)
order by s.seed_id
