-- Mutants of the references, and how many of them the problems' own tests kill, by source.
select source, count(*) as problems, count(kill_rate) as measured, sum(mutants)::bigint as mutants,
       sum(killed)::bigint as killed, sum(survived)::bigint as survived, round(avg(kill_rate), 4) as mean_kill_rate,
       count(*) filter (kill_rate < 0.5) as below_half
from strength
group by source
order by source
limit 500
