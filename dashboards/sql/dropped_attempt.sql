-- The program that a dropped row names, where it names one.
select attempt_id, kind, model, code, no_code_reason, left(completion, 4000) as completion, finish_reason
from attempts
where bucket = $bucket and attempt_id = $row
limit 1
