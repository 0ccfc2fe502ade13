-- How far labels can be trusted, in the same way.
select scorer, source, label, count(*) as programs, count(passes) as known,
       round(count(*) filter (passes) / nullif(count(passes), 0), 4) as right_share
from preference_kto
group by all
order by all
limit 1000
