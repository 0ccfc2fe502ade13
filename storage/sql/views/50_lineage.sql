-- A repair beside what it repairs: wrong program, what was said about it, the new program and its verdict.
create view lineage as
select r.attempt_id, r.problem_id, p.source, p.source_id, r.round, r.model,
       w.attempt_id as wrong_attempt_id, w.code as wrong_code, wv.verdict as wrong_verdict, wv.feedback,
       d.diagnosis_id, d.explanation, r.code, coalesce(v.verdict, 'unjudged') as verdict
from attempts as r
join problems as p using (problem_id)
join attempts as w on w.attempt_id = r.parent_attempt_id
left join diagnoses as d on d.diagnosis_id = r.diagnosis_id
left join verdicts as wv on wv.attempt_id = w.attempt_id
left join verdicts as v on v.attempt_id = r.attempt_id
where r.kind = 'repair';
