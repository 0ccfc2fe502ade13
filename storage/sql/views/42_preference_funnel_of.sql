-- One row: how far the tests, matrices and timings of a plan have come.
create macro preference_funnel_of(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan
),
answered as (
    select t.*
    from plan as p
    join selections as s using (selection_id)
    join tests as t
        on t.problem_id = s.problem_id and t.recipe_id = p.tests_recipe and t.sample_index < p.tests_samples
),
ranked as (
    select r.problem_id, any_value(r.programs) as programs, any_value(r.tests) as tests,
           any_value(r.constant_tests) as constant_tests
    from plan as p
    join selections as s using (selection_id)
    join rankings as r using (problem_id)
    where list_contains(p.scorers, r.scorer)
    group by r.problem_id
)
select
    (select count(distinct (problem_id, sample_index)) from answered) as test_answers,
    (select count(test) from answered) as tests_found,
    (select count(*) from suite_tests_of(of_plan)) as tests_kept,
    (select coalesce(sum(constant_tests), 0)::bigint from ranked) as constant_tests,
    (select coalesce(sum(programs), 0)::bigint from ranked) as programs_scored,
    (select count(*) from ranked where constant_tests < tests) as told_apart,
    (select count(distinct t.attempt_id)
     from plan as p
     join selections as s using (selection_id)
     join timings as t on t.problem_id = s.problem_id) as programs_timed;
