-- Every verdict of a bucket on the tests that count.
select t.problem_id, c.attempt_id, t.test_id, c.verdict = 'passed' as passed
from suite_tests($selection, $tests_recipe, $tests_samples, $tests_wanted) as t
join cells($matrix_conditions, $judge_version) as c on c.problem_id = t.problem_id and c.test = t.test
order by t.problem_id, c.attempt_id, t.test_id
