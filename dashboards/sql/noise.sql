-- Spread of repeated measurements: distance of the quartiles over the median, in steps of 1 %, 30 % at most.
select least(floor(spread * 100), 30)::integer as percent, count(*) as measurements
from spreads
where repeats > 1 and spread is not null
group by all
order by all
limit 100
