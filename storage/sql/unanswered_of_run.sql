-- What a run lacks because a server did not answer: one row per stage and status, with the commonest words.
with lacking as (
    select stage, status, words, coalesce(source_id, subject_id) as name from unanswered_of($plan)
    union all
    select stage, status, words, subject_id from unanswered where list_contains($recipes, recipe_id)
)
select stage, status, count(*) as samples, count(distinct name) as problems,
       list(distinct name order by name)[:3] as examples, mode(words) as words
from lacking
group by stage, status
order by stage, status
