-- Families, or problems, that stand in more than one split of what would leave: there must be none.
select count(*) as torn
from (
    select family_id as one from published group by family_id having count(distinct split) > 1
    union all
    select problem_id from published group by problem_id having count(distinct split) > 1
)
