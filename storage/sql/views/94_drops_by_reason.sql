-- Why rows are in no data set, or were never taken in: one row per stage and reason. `share` is of what the stage left
-- out, `example` the id of one such row, `detail` what is said most often of them.
create view drops_by_reason as
select stage, reason,
       count(*) as n,
       count(distinct problem_id) as problems,
       round(count(*) / sum(count(*)) over (partition by stage), 4) as share,
       min(row_id) as example,
       mode(detail) as detail
from drops
group by stage, reason
order by stage, n desc, reason;
