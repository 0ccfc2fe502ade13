-- Scores by the newest matrix of each problem, with the truth where it is known. Older matrices may have scored programs
-- that the newest one does not hold; these are left out.
with newest as (
    select s.attempt_id, s.scorer, s.value, s.problem_id
    from scores as s
    join rankings as r using (problem_id, scorer, matrix_id)
),
truth as (
    select attempt_id, arg_max(value, scorer) as truth
    from newest
    where starts_with(scorer, 'ground_truth@')
    group by attempt_id
)
select n.attempt_id, n.scorer, n.value, t.truth
from newest as n
left join truth as t using (attempt_id)
