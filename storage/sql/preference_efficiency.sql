-- Pairs of programs that timing separated: each names the other as its partner, and the interval of their ratio lies
-- above 1.
with sides as (
    select *, parts ->> '$.pair.with' as other, (parts ->> '$.pair.faster')::boolean as faster,
           (parts ->> '$.pair.ratio')::double as ratio, (parts ->> '$.pair.low')::double as ratio_low,
           (parts ->> '$.pair.high')::double as ratio_high
    from programs
    where exclusion is null and passed > 0 and may_win
)
select f.problem_id, f.bucket, f.attempt_id as chosen, s.attempt_id as rejected, f.ratio, f.ratio_low, f.ratio_high
from sides as f
join sides as s on s.problem_id = f.problem_id and s.attempt_id = f.other and s.other = f.attempt_id
where f.faster and not s.faster and f.ratio_low > 1
order by f.problem_id, f.attempt_id
