-- Programs on which the newest judge disagrees with an older one, on the same tests under the same limits.
create macro verdict_changes(since) as table
with judged as (
    select *, row_number() over (partition by attempt_id, suite_id order by judge_version desc) as age
    from executions
)
select p.source, p.source_id, n.attempt_id, a.kind, a.model, n.suite_id,
       o.judge_version as old_version, o.verdict as old_verdict, o.flags as old_flags,
       n.judge_version as new_version, n.verdict as new_verdict, n.flags as new_flags, n.feedback
from judged as n
join judged as o using (attempt_id, suite_id)
join attempts as a using (attempt_id)
join problems as p on p.problem_id = n.problem_id
where n.age = 1 and o.judge_version = since and n.judge_version > since
  and (n.verdict <> o.verdict or n.flags <> o.flags);
