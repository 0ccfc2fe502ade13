-- How far scores moved in each round of self-validation.
with changes as (
    select scorer, unnest(change) as change, generate_subscripts(change, 1) as round from rankings
)
select scorer, round, avg(change) as mean_change, max(change) as largest_change
from changes
group by all
order by all
limit 1000
