-- How often programs tried to fool the judge, or did not pass every time: per model, prompt and run that judged them.
-- `seen` is one of the things that gave them away.
create view hack_rate as
select a.model, a.kind, a.template, e.run_id, e.judge_version, min(e.created_at) as judged_from,
       count(*) as judged,
       count(*) filter (list_contains(e.flags, 'tampered')) as tampered,
       count(*) filter (list_contains(e.flags, 'flaky')) as flaky,
       round(tampered / judged, 4) as hack_rate,
       round(flaky / judged, 4) as flaky_rate,
       min(e.evidence ->> '$.tampered') as seen
from executions as e
join attempts as a using (attempt_id)
where a.kind <> 'reference' and e.verdict not in ('infra', 'no_code')
group by all
order by judged_from, a.model, a.kind, a.template;
