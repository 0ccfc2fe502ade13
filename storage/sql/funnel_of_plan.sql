-- One row: how far the problems of a plan have come.
with mine as (
    select m.*, e.verdict, e.flags
    from mine($selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $rounds) as m
    left join executions as e
        on e.attempt_id = m.attempt_id and e.suite_id = $suite and e.judge_version = $judge_version
),
explained as (
    select d.attempt_id, d.diagnosis_id, d.explanation
    from diagnoses as d
    join mine as m using (attempt_id)
    where d.recipe_id = $diagnose_recipe and d.sample_index < $diagnoses
)
select
    (select count(*) from selections where selection_id = $selection) as problems,
    count(*) filter (round = 0) as attempts,
    count(*) filter (round = 0 and code is null) as without_code,
    count(*) filter (round = 0 and verdict = 'passed') as right_at_once,
    count(*) filter (round = 0 and verdict not in ('passed', 'infra', 'no_code')) as wrong,
    count(distinct problem_id || code) filter (round = 0 and verdict not in ('passed', 'infra', 'no_code')) as wrong_distinct,
    (select count(*) from explained) as diagnoses,
    (select count(*) from explained where explanation is not null) as explained,
    count(*) filter (round > 0) as repairs,
    count(*) filter (round > 0 and verdict = 'passed') as verified_repairs,
    count(distinct root_id) filter (round > 0 and verdict = 'passed') as mended,
    count(*) filter (verdict = 'infra') as infra,
    count(*) filter (verdict is null and problem_id not in (
        select problem_id from problems where tests_kind = 'none')) as unjudged
from mine
