-- Every attempt and every injected bug that no example holds, neither as its right program nor as its wrong one, with the
-- reason.
with used as (
    select attempt_id from examples
    union
    select parent_attempt_id from examples where parent_attempt_id is not null
),
reasons as (
    select a.attempt_id, a.problem_id, a.bucket,
           case
               when v.verdict is null then 'unjudged'
               when v.verdict = 'infra' then 'infra'
               when a.problem_id in (select problem_id from flagged_problems) then 'reference_failed'
               when a.code is null then 'no_code'
               when not is_trustworthy(v.flags) then 'flagged'
               when v.verdict = 'passed' and not $shared and list_contains(v.flags, 'shared') then 'shared'
               when v.verdict = 'passed' and a.kind = 'repair' and (
                   wv.verdict is null or not is_wrong(wv.verdict) or not is_trustworthy(wv.flags)
               ) then 'cause_unusable'
               when v.verdict = 'passed' then 'duplicate_or_surplus'
               when a.kind = 'repair' then 'repair_wrong'
               else 'not_repaired'
           end as reason,
           concat_ws(' ', coalesce(a.no_code_reason, v.verdict, ''), array_to_string(v.flags, ' ')) as detail
    from attempts as a
    left join verdicts as v using (attempt_id)
    left join verdicts as wv on wv.attempt_id = a.parent_attempt_id
    where a.kind <> 'reference' and a.attempt_id not in (select attempt_id from used)
    union all
    select b.bug_id, b.problem_id, b.bucket,
           case
               when v.verdict is null then 'unjudged'
               when v.verdict = 'infra' then 'infra'
               when b.problem_id in (select problem_id from flagged_problems) then 'reference_failed'
               when not is_trustworthy(v.flags) then 'flagged'
               when v.verdict = 'passed' then 'bug_not_found'
               when not list_contains($origins, 'injected') then 'origin_left_out'
               else 'duplicate_or_surplus'
           end as reason,
           concat_ws(' ', array_to_string(b.operators, ' and '), v.verdict) as detail
    from bugs as b
    left join verdicts as v on v.attempt_id = b.bug_id
    where b.bug_id not in (select attempt_id from used)
)
select 'assemble:debugging_sft' as stage, attempt_id as row_id, problem_id, bucket, reason, detail
from reasons
order by attempt_id
