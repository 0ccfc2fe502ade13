-- How often our own machinery failed, one row per run (executions.run_id, empty outside a flow), suite, judge and backend.
-- A verdict that a later run put in the place of `infra` is counted there: what is left are failures nobody has mended.
create view infra_rate as
select run_id, min(created_at) as judged_from, max(created_at) as judged_until, suite, judge_version, backend,
       count(*) as judged,
       count(*) filter (verdict = 'infra') as infra,
       round(infra / judged, 4) as infra_rate,
       mode(feedback) filter (verdict = 'infra') as seen
from executions
group by run_id, suite, judge_version, backend
order by judged_from, suite, judge_version, backend;
