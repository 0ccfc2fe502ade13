-- Scores of one problem's programs by its newest matrix.
select s.attempt_id, s.scorer, s.value
from scores as s
join rankings as r using (problem_id, scorer, matrix_id)
where s.bucket = $bucket and s.problem_id = $problem and r.bucket = $bucket and r.problem_id = $problem
order by all
limit 5000
