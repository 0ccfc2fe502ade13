-- Every program with its score by $scorer and its verdicts on the generated tests. `exclusion` is the reason that keeps
-- it out of every example, if any. Only the last scoring of a problem counts, and the newest judge under its last
-- conditions. `passes` tells whether the program passes the problem's own tests. With $veto it decides whether the program
-- may be the better one of a pair (`may_win`) or the worse one (`may_lose`).
with runs as (
    select * from executions
    where suite = 'generated' and verdict <> 'infra'
    window newest as (partition by attempt_id order by judge_version desc, created_at desc, conditions_id)
    qualify judge_version = first_value(judge_version) over newest
        and conditions_id = first_value(conditions_id) over newest
),
cells as (  -- tests that were added later have executions of their own
    select attempt_id, judge_version, t.test as test, t.verdict as verdict
    from (select attempt_id, judge_version, created_at, suite_id, unnest(tests) as t from runs)
    qualify row_number() over (partition by attempt_id, test order by created_at desc, suite_id) = 1
),
judged as (
    select attempt_id, any_value(judge_version) as judge_version,
           list({'test': test, 'verdict': verdict} order by test) as verdicts,
           count(*) filter (verdict = 'passed') as passed
    from cells
    group by attempt_id
),
flags_of as (
    select attempt_id, bool_or(suite = 'generated') as run, list_sort(list_distinct(flatten(list(flags)))) as flags
    from (
        select * from executions
        qualify judge_version = max(judge_version) over (partition by attempt_id)
    )
    group by attempt_id
),
scored as (
    select attempt_id, problem_id, matrix_id, value, parts from scores
    where scorer = $scorer
    qualify matrix_id = first_value(matrix_id) over (partition by problem_id order by created_at desc, matrix_id)
),
states as (
    select a.attempt_id, a.problem_id, a.bucket, a.code, a.model, s.matrix_id, s.value as score, s.parts,
           j.judge_version, j.verdicts, coalesce(j.passed, 0) as passed,
           case when v.total_tests > 0 and v.verdict <> 'infra' then v.verdict = 'passed' end as passes,
           case
               when a.kind = 'repair' then 'repair'
               when a.code is null then 'no_code'
               when not is_trustworthy(m.flags) then 'flagged'
               when not $shared and list_contains(m.flags, 'shared') then 'shared'
               when j.attempt_id is null then case when m.run then 'infra' else 'unjudged' end
               when s.attempt_id is not null then null
               when a.problem_id in (select problem_id from scored) then 'incomplete'
               else 'unscored'
           end as exclusion,
           concat_ws(' ', a.no_code_reason, array_to_string(m.flags, ' ')) as detail
    from attempts as a
    left join judged as j using (attempt_id)
    left join flags_of as m using (attempt_id)
    left join scored as s using (attempt_id)
    left join verdicts as v using (attempt_id)
    where a.kind <> 'reference'
)
select * replace (
    case
        when exclusion is null
             and row_number() over (partition by problem_id, code, exclusion is null order by attempt_id) > 1
            then 'duplicate'
        else exclusion
    end as exclusion
), not ($veto and coalesce(not passes, false)) as may_win, not ($veto and coalesce(passes, false)) as may_lose
from states
order by attempt_id
