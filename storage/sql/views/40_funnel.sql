-- How many programs became what, per source, model and round. A rate over nothing is null.
create view funnel as
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
order by all;
