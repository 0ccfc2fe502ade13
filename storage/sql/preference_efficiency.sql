-- Pairs of programs whose speeds were told apart beyond doubt: each side names the other, and the interval of the ratio
-- leaves out 1.
with sides as (
    select *, parts ->> '$.pair.with' as other, (parts ->> '$.pair.faster')::boolean as faster,
           (parts ->> '$.pair.ratio')::double as ratio, (parts ->> '$.pair.low')::double as ratio_low,
           (parts ->> '$.pair.high')::double as ratio_high
    from programs
    where why is null and passed > 0
)
select f.problem_id, f.bucket, f.attempt_id as chosen, s.attempt_id as rejected, f.ratio, f.ratio_low, f.ratio_high
from sides as f
join sides as s on s.problem_id = f.problem_id and s.attempt_id = f.other and s.other = f.attempt_id
where f.faster and not s.faster and f.ratio_low > 1
order by f.problem_id, f.attempt_id
