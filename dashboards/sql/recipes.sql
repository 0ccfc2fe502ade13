-- Recipes of first attempts.
select recipe_id, any_value(model) as model, any_value(template) as template, any_value(sampling) as sampling,
       any_value(model_revision) as model_revision
from attempts
where kind = 'generate'
group by recipe_id
order by model, recipe_id
limit 500
