-- The tests that count for a problem: of equal ones the first, in the order first of every answer, second of every
-- answer ..., so that no single answer decides; `of_wanted` at most. `place` counts them from 1.
create macro suite_tests(of_selection, of_recipe, of_samples, of_wanted) as table
with kept as (
    select t.problem_id, t.test_id, t.test, t.position, t.sample_index
    from tests as t
    join selections as s on s.problem_id = t.problem_id and s.selection_id = of_selection
    where t.recipe_id = of_recipe and t.sample_index < of_samples and t.test is not null
    qualify row_number() over (partition by t.problem_id, t.test order by t.position, t.sample_index) = 1
)
select problem_id, test_id, test,
       row_number() over (partition by problem_id order by position, sample_index) as place
from kept
qualify place <= of_wanted;
