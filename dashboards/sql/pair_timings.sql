-- Every measurement of both programs of a pair.
select t.input_id, i.scale, i.example, t.repeat, t.attempt_id, t.cpu_ms, t.import_ms, t.carry_ms, t.verdict, t.agreed
from timings as t
join inputs as i using (input_id)
where t.bucket = $bucket and i.bucket = $bucket and t.attempt_id in ($chosen, $rejected)
order by i.scale, t.input_id, t.repeat, t.attempt_id
limit 5000
