-- The rows left out by reason, with the most common detail.
select reason, count(*) as "rows", count(distinct problem_id) as problems, mode(detail) as "most common detail"
from dropped
group by reason
order by "rows" desc, reason
