-- What was left out, as rows of `drops`.
select $stage as stage, l.row_id, l.problem_id, c.bucket, l.reason, l.detail
from left_out as l
join (select example_id, any_value(bucket) as bucket from candidates group by example_id) as c on c.example_id = l.row_id
order by l.row_id
