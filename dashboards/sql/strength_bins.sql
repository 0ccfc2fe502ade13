-- How many mutants of the reference the problems' own tests kill, by twentieths.
select source, least(floor(kill_rate * 20), 19)::integer as bin, count(*) as problems
from strength
where kill_rate is not null
group by all
order by all
limit 2000
