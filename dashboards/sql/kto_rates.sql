-- How often labelled programs are right, by the problems' own tests, which the scorers never saw.
select scorer, source, label, count(*) as programs, count(passes) as known,
       round(count(*) filter (passes) / nullif(count(passes), 0), 4) as right_share
from preference_kto
group by all
order by all
limit 1000
