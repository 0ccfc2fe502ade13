-- The number of families and problems with rows in more than one split of the version; it must be 0.
select count(*) as groups
from (
    select family_id as id from published group by family_id having count(distinct split) > 1
    union all
    select problem_id from published group by problem_id having count(distinct split) > 1
)
