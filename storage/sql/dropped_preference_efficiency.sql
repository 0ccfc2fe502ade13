-- Every program that is in no pair, and every pair left out for being near-identical, with the reason.
with used as (
    select chosen_attempt_id as attempt_id from made
    union
    select rejected_attempt_id from made
),
alike as (
    select chosen as attempt_id from identical
    union
    select rejected from identical
)
select $stage as stage, attempt_id as row_id, problem_id, bucket,
       case
           when why in ('incomplete', 'unscored') then 'not_timed'
           when why is not null then why
           when attempt_id in (select attempt_id from alike) then 'near_identical'
           when passed = 0 then 'passes_none'
           else 'not_separated'
       end as reason,
       detail
from programs
where attempt_id not in (select attempt_id from used)
union all
select $stage, example_id, problem_id, bucket, 'near_identical_pair',
       format('{} over {}: token distance {:.4f}', chosen, rejected, token_distance)
from identical
order by row_id
