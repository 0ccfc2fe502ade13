-- Diagnoses of one problem's wrong programs.
select diagnosis_id, attempt_id, model, sample_index, explanation, no_explanation_reason
from diagnoses
where bucket = $bucket and problem_id = $problem
order by attempt_id, sample_index, diagnosis_id
limit 800
