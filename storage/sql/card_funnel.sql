-- From problems to programs, for the sources of the dataset.
select source, model, kind, round, problems, attempts, without_code, passed, wrong, infra as "infrastructure errors",
       pass_rate
from funnel
where kind <> 'reference' and source in (select source from candidates)
order by source, model, kind, round
