-- One row: how far the problems of a plan have come. `refused` and `failed` are samples that a server did not give.
create macro funnel_of(of_plan) as table
with judged as (
    select * from verdicts_of(of_plan)
),
explained as (
    select d.attempt_id, d.diagnosis_id, d.explanation
    from plans as p
    join diagnoses as d on d.recipe_id = p.diagnose_recipe and d.sample_index < p.diagnoses
    join judged as a using (attempt_id)
    where p.plan_id = of_plan
)
select
    (select count(*) from selections join plans using (selection_id) where plan_id = of_plan) as problems,
    count(*) filter (round = 0) as attempts,
    count(*) filter (round = 0 and code is null) as without_code,
    count(*) filter (round = 0 and verdict = 'passed') as right_at_once,
    count(*) filter (round = 0 and is_wrong(verdict)) as wrong,
    count(distinct problem_id || code) filter (round = 0 and is_wrong(verdict)) as wrong_distinct,
    (select count(*) from explained) as diagnoses,
    (select count(*) from explained where explanation is not null) as explained,
    count(*) filter (round > 0) as repairs,
    count(*) filter (round > 0 and verdict = 'passed') as verified_repairs,
    count(distinct root_id) filter (round > 0 and verdict = 'passed') as repaired,
    count(*) filter (verdict = 'infra') as infra,
    count(*) filter (verdict is null and problem_id not in (
        select problem_id from problems where tests_kind = 'none')) as unjudged,
    (select count(*) from unanswered_of(of_plan) where status = 'refused') as refused,
    (select count(*) from unanswered_of(of_plan) where status = 'failed') as failed
from judged;
