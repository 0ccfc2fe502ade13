-- One row: how far the tests, matrices and timings of a plan have come.
with answered as (
    select t.*
    from tests as t
    join selections as s on s.problem_id = t.problem_id and s.selection_id = $selection
    where t.recipe_id = $tests_recipe and t.sample_index < $tests_samples
),
kept as (
    select * from suite_tests($selection, $tests_recipe, $tests_samples, $tests_wanted)
),
ranked as (
    select problem_id, any_value(r.programs) as programs, any_value(r.tests) as tests,
           any_value(r.constant_tests) as constant_tests
    from rankings as r
    join selections as s using (problem_id)
    where s.selection_id = $selection and list_contains($scorers, r.scorer)
    group by problem_id
)
select
    (select count(distinct (problem_id, sample_index)) from answered) as test_answers,
    (select count(test) from answered) as tests_found,
    (select count(*) from kept) as tests_kept,
    (select coalesce(sum(constant_tests), 0)::bigint from ranked) as constant_tests,
    (select coalesce(sum(programs), 0)::bigint from ranked) as programs_scored,
    (select count(*) from ranked where constant_tests < tests) as told_apart,
    (select count(distinct t.attempt_id)
     from timings as t
     join selections as s on s.problem_id = t.problem_id and s.selection_id = $selection) as programs_timed
