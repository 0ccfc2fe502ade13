-- Pairs of one dataset in one of three orders.
select example_id, problem_id, bucket, source, source_id, scorer, gap, ratio, chosen_passes, rejected_passes,
       chosen_attempt_id, rejected_attempt_id
from pairs
where dataset = $dataset
order by case $order
             when 'widest first' then -coalesce(ratio, gap)
             when 'doubtful first' then coalesce(chosen_passes::int, 1) - coalesce(rejected_passes::int, 0)
             else 0
         end,
         example_id
limit 100
