-- One pair in full.
with detail as (
    select example_id, prompt, chosen_code, rejected_code, chosen_score, rejected_score, verdicts, token_distance, model,
           chosen_passes, rejected_passes, null as ratio, null as ratio_low, null as ratio_high
    from preference_correctness
    where bucket = $bucket and example_id = $example and $dataset = 'preference_correctness'
    union all by name
    select example_id, prompt, chosen_code, rejected_code, chosen_score, rejected_score, verdicts, token_distance, model,
           chosen_passes, rejected_passes, ratio, ratio_low, ratio_high
    from preference_efficiency
    where bucket = $bucket and example_id = $example and $dataset = 'preference_efficiency'
)
select * from detail limit 1
