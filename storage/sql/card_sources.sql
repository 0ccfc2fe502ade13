-- The sources of the published rows, and their licences.
select source, licence,
       count(*) as "rows",
       count(distinct problem_id) as problems,
       count(distinct family_id) as families,
       count(*) filter (split = 'train') as train,
       count(*) filter (split = 'validation') as validation,
       count(*) filter (split = 'test') as test
from published
group by source, licence
order by "rows" desc, source, licence
