-- How often chosen and rejected programs are right, by the problems' own tests, which the scorers never saw.
select dataset, scorer, source, count(*) as pairs, count(distinct problem_id) as problems,
       count(chosen_passes) as known,
       round(count(*) filter (chosen_passes) / nullif(count(chosen_passes), 0), 4) as chosen_right,
       round(count(*) filter (rejected_passes) / nullif(count(rejected_passes), 0), 4) as rejected_right,
       round(count(*) filter (chosen_passes and not rejected_passes) / nullif(count(chosen_passes), 0), 4) as both_as_meant,
       round(avg(gap), 4) as mean_gap, round(avg(token_distance), 4) as mean_token_distance
from pairs
group by all
order by all
limit 1000
