-- What a run left out besides rows of its sources: one row per stage and reason, with an example. References are those
-- of the plan's problems that fail their own tests; of the datasets, everything that they leave out.
with failed as (
    select p.source || ' ' || p.source_id as example, concat_ws(': ', r.verdict, r.feedback) as detail
    from references_of($plan) as r
    join problems as p using (problem_id)
    where r.verdict not in ('passed', 'infra')
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
