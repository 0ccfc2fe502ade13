-- Verdicts of one problem's programs on generated tests, by the newest judge of each program.
with runs as (
    select * from executions
    where bucket = $bucket and problem_id = $problem and suite = 'generated' and verdict <> 'infra'
    window newest as (partition by attempt_id order by judge_version desc, created_at desc, conditions_id)
    qualify judge_version = first_value(judge_version) over newest
        and conditions_id = first_value(conditions_id) over newest
),
cell as (
    select attempt_id, t.test as test, t.verdict as verdict, created_at, suite_id
    from (select attempt_id, created_at, suite_id, unnest(tests) as t from runs)
)
select attempt_id, test, verdict
from cell
qualify row_number() over (partition by attempt_id, test order by created_at desc, suite_id) = 1
order by attempt_id, test
limit 5000
