-- Reasons why answers, or parts of them, hold no test.
select no_test_reason as reason, count(*) as n
from tests
where bucket = $bucket and problem_id = $problem and no_test_reason is not null
group by all
order by n desc, reason
limit 50
