-- Programs and tests that each scorer ranked.
select scorer, count(*) as problems, round(avg(programs), 1) as mean_programs, round(avg(tests), 1) as mean_tests,
       sum(constant_tests)::bigint as constant_tests, sum(tests)::bigint as tests,
       count(*) filter (constant_tests = tests) as silent_problems
from rankings
group by scorer
order by scorer
limit 100
