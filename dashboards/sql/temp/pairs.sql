-- Pairs by correctness and by efficiency with the same columns.
select 'preference_correctness' as dataset, null::double as ratio, null::double as ratio_low, null::double as ratio_high,
       example_id, problem_id, bucket, scorer, gap, token_distance, chosen_score, rejected_score, chosen_passes,
       rejected_passes, source, source_id, model, chosen_attempt_id, rejected_attempt_id
from preference_correctness
union all by name
select 'preference_efficiency' as dataset, ratio, ratio_low, ratio_high,
       example_id, problem_id, bucket, scorer, gap, token_distance, chosen_score, rejected_score, chosen_passes,
       rejected_passes, source, source_id, model, chosen_attempt_id, rejected_attempt_id
from preference_efficiency
