-- The references of one plan's problems, with their verdict by the plan's judge; null where there is none yet. A corrected
-- reference leaves its old row behind, which does not count. `calibration` says how the problem's programs are judged.
create macro references_of(of_plan) as table
select a.attempt_id, a.problem_id, a.bucket, a.code, e.verdict, e.flags, e.feedback,
       e.cpu_ms, e.wall_ms, e.evidence ->> '$.calibration' as calibration
from plans as p
join selections as s using (selection_id)
join problems as pr using (problem_id)
join attempts as a on a.problem_id = pr.problem_id and a.kind = 'reference' and a.code = pr.reference
left join executions as e
    on e.attempt_id = a.attempt_id and e.suite_id = p.suite_id and e.judge_version = p.judge_version
where p.plan_id = of_plan;
