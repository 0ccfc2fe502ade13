-- Pairs of a faster and a slower program, the widest first.
select source, source_id, ratio, ratio_low, ratio_high, model, chosen_passes, rejected_passes, example_id, problem_id,
       bucket, chosen_attempt_id, rejected_attempt_id
from pairs
where dataset = 'preference_efficiency'
order by ratio_low desc, example_id
limit 200
