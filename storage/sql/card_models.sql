-- The models that wrote the programs of the published rows, with their template and sampling.
with programs as (
    select distinct unnest(program_ids) as attempt_id from candidates semi join published using (example_id)
)
select a.model, a.model_revision, a.kind, a.template, a.sampling, count(*) as programs
from programs
join attempts as a using (attempt_id)
group by all
order by programs desc, a.model, a.kind, a.template
