-- Whether each program of one plan passes each generated test that counts.
create macro matrix_cells_of(of_plan) as table
select t.problem_id, c.attempt_id, t.test_id, c.verdict = 'passed' as passed
from suite_tests_of(of_plan) as t
join cells_of(of_plan) as c on c.problem_id = t.problem_id and c.test = t.test
order by t.problem_id, c.attempt_id, t.test_id;
