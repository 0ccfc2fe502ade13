-- What cleaning left out, by reason, with what is said of it most often.
select reason, count(*) as n, count(distinct problem_id) as problems, mode(detail) as mostly
from left_out
group by reason
order by n desc, reason
