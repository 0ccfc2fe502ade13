-- How each scorer's values are spread, in twenty steps, and how many of the programs there are right.
select scorer, least(floor(value * 20), 19)::integer as bin, count(*) as programs, count(truth) as known,
       count(*) filter (truth = 1) as right_ones
from marks
group by all
order by all
limit 5000
