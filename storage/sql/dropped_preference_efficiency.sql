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
)
select $stage as stage, attempt_id as row_id, problem_id, bucket,
       case
           when exclusion in ('incomplete', 'unscored') then 'not_timed'
           when exclusion is not null then exclusion
           when attempt_id in (select attempt_id from near_identical) then 'near_identical'
           when not may_win then 'vetoed'
           when passed = 0 then 'passes_none'
           else 'not_separated'
       end as reason,
       detail
from programs
where attempt_id not in (select attempt_id from used)
union all
select $stage, example_id, problem_id, bucket, 'near_identical_pair',
       format('{} over {}: token distance {:.4f}', chosen, rejected, token_distance)
from near_identical_pairs
order by row_id
