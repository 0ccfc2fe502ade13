-- Rows that were left out, by stage and reason.
select stage, reason, count(*) as n, count(distinct problem_id) as problems
from drops
group by all
order by stage, n desc, reason
limit 1000
