-- Every program that no pair holds, and every pair left out because its programs are near-identical, with the reason.
with used as (
    select chosen_attempt_id as attempt_id from examples
    union
    select rejected_attempt_id from examples
),
near_identical as (
    select chosen as attempt_id from near_identical_pairs
    union
    select rejected from near_identical_pairs
),
spread as (
    select problem_id, count(*) as programs, max(score) as best, min(score) as worst,
           max(score) filter (may_win) as best_allowed, min(score) filter (may_lose) as worst_allowed
    from programs
    where exclusion is null
    group by problem_id
)
select $stage as stage, attempt_id as row_id, problem_id, bucket,
       case
           when exclusion is not null then exclusion
           when attempt_id in (select attempt_id from near_identical) then 'near_identical'
           when s.programs = 1 then 'alone'
           when s.best = s.worst then 'no_contrast'
           when round(s.best - s.worst, 9) < $min_gap then 'near_tie'
           when coalesce(round(s.best_allowed - s.worst_allowed, 9) < $min_gap, true) then 'vetoed'
           when problem_id in (select problem_id from examples union select problem_id from near_identical_pairs)
               then 'not_picked'
           else 'passes_none'  -- the best program passes no generated test
       end as reason,
       case
           when exclusion is null then format('score {:.4f} of {:.4f} to {:.4f}', score, worst, best)
           else detail
       end as detail
from programs
left join spread as s using (problem_id)
where attempt_id not in (select attempt_id from used)
union all
select $stage, example_id, problem_id, bucket, 'near_identical_pair',
       format('{} over {}: token distance {:.4f}', chosen, rejected, token_distance)
from near_identical_pairs
order by row_id
