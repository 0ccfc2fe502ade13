-- Problems of each source by the best program that they have.
with states as (
    select problem_id,
           bool_or(kind = 'generate') as tried,
           bool_or(kind = 'generate' and verdict = 'passed') as right_at_once,
           bool_or(kind = 'repair' and verdict = 'passed') as repaired
    from facts
    group by problem_id
)
select p.source,
       case
           when s.right_at_once then 'right at once'
           when s.repaired then 'repaired'
           when s.tried then 'never right'
           else 'not tried'
       end as state,
       count(*) as problems
from problems as p
left join states as s using (problem_id)
group by all
order by all
limit 5000
