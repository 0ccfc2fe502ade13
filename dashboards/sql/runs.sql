-- The last hundred runs by model: judged programs and their verdicts. A program counts for the run that judged it last.
with last_runs as (
    select run_id, min(judged_at) as started
    from facts
    where judged_at is not null
    group by run_id
    order by started desc
    limit 100
)
select l.started, f.model,
       count(*) as judged,
       count(*) filter (f.kind = 'generate') as first_attempts,
       count(*) filter (f.kind = 'generate' and f.verdict = 'passed') as right_at_once,
       count(*) filter (f.kind = 'repair') as repairs,
       count(*) filter (f.kind = 'repair' and f.verdict = 'passed') as verified_repairs,
       count(*) filter (f.verdict = 'infra') as infra,
       count(*) filter (f.tampered) as tampered,
       count(*) filter (f.flaky) as flaky,
       round(sum(f.cpu_ms) / 3.6e6, 3) as cpu_hours, f.run_id
from facts as f
join last_runs as l using (run_id)
where f.kind <> 'reference'
group by all
order by l.started desc, f.model
limit 5000
