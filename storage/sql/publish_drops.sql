-- The rows left out, as rows of `drops`.
with buckets as (
    select example_id, any_value(bucket) as bucket
    from candidates
    group by example_id
)
select $stage as stage, d.row_id, d.problem_id, b.bucket, d.reason, d.detail
from dropped as d
join buckets as b on b.example_id = d.row_id
order by d.row_id
