-- Where the published rows come from, and under which licence.
select source, licence,
       count(*) as n,
       count(distinct problem_id) as problems,
       count(distinct family_id) as families,
       count(*) filter (split = 'train') as train,
       count(*) filter (split = 'validation') as validation,
       count(*) filter (split = 'test') as test
from published
group by source, licence
order by n desc, source, licence
