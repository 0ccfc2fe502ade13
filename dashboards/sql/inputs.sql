-- Inputs of timings by scale: how many times larger than the test's own input, in powers of two.
select pow(2, floor(log2(greatest(scale, 1))))::bigint as scale_from, count(*) as inputs,
       count(distinct problem_id) as problems, round(avg(programs), 1) as mean_programs,
       round(sum(agreeing) / nullif(sum(programs), 0), 4) as agreeing
from inputs
group by scale_from
order by scale_from
limit 500
