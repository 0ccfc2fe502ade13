-- Programs by score, in twentieths of each scorer's range, and how many of them are right.
select scorer, least(floor(value * 20), 19)::integer as bin, count(*) as programs, count(truth) as known,
       count(*) filter (truth = 1) as right_programs
from marks
group by all
order by all
limit 5000
