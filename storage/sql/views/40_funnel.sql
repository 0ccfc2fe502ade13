-- How many programs became what, per source, model and round. A rate over nothing is null. `refused` and `failed` are
-- requests that a model's server left without an answer, which are no attempts (view unanswered has its words).
create view funnel as
with programs as (
    select p.source, a.model, a.kind, a.round,
           count(distinct a.problem_id) as problems,
           count(*) as attempts,
           count(*) filter (a.code is null) as without_code,
           count(*) filter (v.verdict = 'passed') as passed,
           count(*) filter (is_wrong(v.verdict)) as wrong,
           count(*) filter (v.verdict = 'infra') as infra,
           count(*) filter (v.verdict is null) as unjudged,
           round(count(*) filter (v.verdict = 'passed') / count(*), 4) as pass_rate
    from attempts as a
    join problems as p using (problem_id)
    left join verdicts as v using (attempt_id)
    group by all
),
missing as (
    select source, model, stage as kind, round,
           count(*) filter (status = 'refused') as refused,
           count(*) filter (status = 'failed') as failed
    from unanswered
    where stage in ('generate', 'repair')
    group by all
)
select source, model, kind, round, coalesce(problems, 0) as problems, coalesce(attempts, 0) as attempts,
       coalesce(without_code, 0) as without_code, coalesce(passed, 0) as passed, coalesce(wrong, 0) as wrong,
       coalesce(infra, 0) as infra, coalesce(unjudged, 0) as unjudged, pass_rate,
       coalesce(refused, 0) as refused, coalesce(failed, 0) as failed
from programs
full join missing using (source, model, kind, round)
order by all;
