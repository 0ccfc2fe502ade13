-- Pairs that may become examples, the best of a problem first: best against worst score, or all whose scores lie
-- far enough apart. Where several programs share the best score (or the worst), each may stand for it, by id.
-- At most $tried of a problem: where all of these are near-identical, none is worth having.
with usable as (
    select *, max(score) over problem as best, min(score) over problem as worst
    from programs
    where why is null
    window problem as (partition by problem_id)
)
select c.problem_id, c.bucket, c.attempt_id as chosen, r.attempt_id as rejected
from usable as c
join usable as r using (problem_id)
where c.passed > 0 and round(c.score - r.score, 9) >= $min_gap
  and ($pairs = 'all_above_gap' or (c.score = c.best and r.score = r.worst))
qualify row_number() over (
    partition by c.problem_id order by c.score - r.score desc, c.score desc, c.attempt_id, r.attempt_id
) <= $tried
order by c.problem_id, c.score - r.score desc, c.score desc, c.attempt_id, r.attempt_id
