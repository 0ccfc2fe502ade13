-- Mutants that the tests kill, by kind of change; of the newest mutator and judge.
with newest as (
    select * from mutants
    qualify mutator_version = max(mutator_version) over () and judge_version = max(judge_version) over ()
)
select operator, count(*) filter (killed) as killed, count(*) filter (not killed) as survived
from newest
where killed is not null
group by operator
order by survived desc, operator
limit 500
