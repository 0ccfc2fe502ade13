-- The generated tests that count in one plan. Equal tests count once. The order is the first test of every answer, then
-- the second of every answer, so that no single answer decides. `place` counts a problem's tests from 1.
create macro suite_tests_of(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan
),
distinct_tests as (
    select t.problem_id, t.test_id, t.test, t.position, t.sample_index
    from plan as p
    join selections as s on s.selection_id = p.selection_id
    join tests as t
        on t.problem_id = s.problem_id and t.recipe_id = p.tests_recipe and t.sample_index < p.tests_samples
    where t.test is not null
    qualify row_number() over (partition by t.problem_id, t.test order by t.position, t.sample_index) = 1
)
select t.problem_id, t.test_id, t.test,
       row_number() over (partition by t.problem_id order by t.position, t.sample_index) as place
from distinct_tests as t
cross join plan as p
qualify row_number() over (partition by t.problem_id order by t.position, t.sample_index) <= p.tests_per_problem;
