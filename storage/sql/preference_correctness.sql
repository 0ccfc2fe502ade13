-- Pairs that may become examples, the best pair of a problem first: the best score against the worst, or all pairs
-- whose scores lie far enough apart. Programs that share the best (or the worst) score are taken in the order of their
-- ids. $candidate_pairs per problem at most: where all of these are near-identical, the problem gives no pair.
with usable as (
    select *, max(score) filter (may_win) over problem as best, min(score) filter (may_lose) over problem as worst
    from programs
    where exclusion is null
    window problem as (partition by problem_id)
)
select c.problem_id, c.bucket, c.attempt_id as chosen, r.attempt_id as rejected
from usable as c
join usable as r using (problem_id)
where c.passed > 0 and c.may_win and r.may_lose and round(c.score - r.score, 9) >= $min_gap
  and ($pairs = 'all_above_gap' or (c.score = c.best and r.score = r.worst))
qualify row_number() over (
    partition by c.problem_id order by c.score - r.score desc, c.score desc, c.attempt_id, r.attempt_id
) <= $candidate_pairs
order by c.problem_id, c.score - r.score desc, c.score desc, c.attempt_id, r.attempt_id
