-- How far scores still moved in each round.
with moved as (
    select scorer, unnest(change) as change, generate_subscripts(change, 1) as round from rankings
)
select scorer, round, avg(change) as mean_change, max(change) as most_change
from moved
group by all
order by all
limit 1000
