-- The judges and sandboxes that judged the programs of the published rows.
with programs as (
    select distinct unnest(program_ids) as attempt_id from candidates semi join published using (example_id)
)
select e.judge_version, e.suite, e.backend, count(*) as verdicts
from programs
join executions as e using (attempt_id)
group by all
order by all
