-- What a run left out besides rows of its sources: one row per stage and reason, with an example. References are those
-- of the plan's problems that fail their own tests; of the datasets, everything that they leave out.
with failed as (
    select p.source || ' ' || p.source_id as example, concat_ws(': ', e.verdict, e.feedback) as detail
    from failed_references_of($plan) as f
    join plans as pl on pl.plan_id = $plan
    join selections as s on s.selection_id = pl.selection_id and s.problem_id = f.problem_id
    join problems as p on p.problem_id = f.problem_id
    join attempts as a on a.problem_id = p.problem_id and a.kind = 'reference' and a.code = p.reference
    join executions as e
        on e.attempt_id = a.attempt_id and e.suite_id = pl.suite_id and e.judge_version = pl.judge_version
)
select 'execute' as stage, 'reference_failed' as reason, count(*) as count, min(example) as example,
       arg_min(detail, example) as detail
from failed
having count(*) > 0
union all
select stage, reason, count(*), min(row_id), coalesce(arg_min(detail, row_id), '')
from drops
where stage <> 'ingest'
group by stage, reason
order by stage, count desc, reason
