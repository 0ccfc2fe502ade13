-- Why answers held no test, or a part of them was none.
select no_test_reason as reason, count(*) as n
from tests
where bucket = $bucket and problem_id = $problem and no_test_reason is not null
group by all
order by n desc, reason
limit 50
