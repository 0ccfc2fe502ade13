-- Problems whose own reference does not pass their own tests.
create view flagged_problems as
select p.problem_id, p.source, p.source_id, v.verdict, v.feedback
from attempts as a
join problems as p using (problem_id)
join verdicts as v using (attempt_id)
where a.kind = 'reference' and a.code = p.reference and v.verdict not in ('passed', 'infra');
