-- Problems by the share of their reference's mutants that their own tests kill, in twentieths.
select source, least(floor(kill_rate * 20), 19)::integer as bin, count(*) as problems
from strength
where kill_rate is not null
group by all
order by all
limit 2000
