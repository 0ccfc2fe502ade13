-- Examples of three origins, and every right first attempt. `model`: a verified repair, in a form without its explanation
-- and, where there is one, in a form with it. `sibling`: a wrong first attempt beside the nearest right one (table
-- siblings, made by the stage). `injected`: a right program beside itself with a bug. Of equal programs for equal causes
-- the earliest counts.
with usable as (
    select a.*, v.judge_version
    from attempts as a
    join verdicts as v using (attempt_id)
    where v.verdict = 'passed' and a.code is not null
      and is_trustworthy(v.flags)
      and ($shared or not list_contains(v.flags, 'shared'))
      and a.problem_id not in (select problem_id from flagged_problems)
),
wrong as (
    select a.attempt_id, a.code, null::text as bug, null::bigint as bug_line, v.verdict, v.feedback, v.passed_tests,
           v.total_tests, v.flags
    from attempts as a
    join verdicts as v using (attempt_id)
    union all
    select b.bug_id, b.code, array_to_string(b.operators, ' and '), b.line, v.verdict, v.feedback, v.passed_tests,
           v.total_tests, v.flags
    from bugs as b
    join verdicts as v on v.attempt_id = b.bug_id
),
causes as (
    select 'model' as origin, attempt_id, parent_attempt_id, diagnosis_id, null::double as token_distance
    from usable
    where kind = 'repair' and list_contains($origins, 'model')
    union all
    select 'sibling', attempt_id, parent_attempt_id, null, token_distance
    from siblings
    union all
    select 'injected', attempt_id, bug_id, null, null
    from bugs
    where list_contains($origins, 'injected')
),
repairs as (
    select r.origin, c.attempt_id, c.problem_id, c.bucket, c.code, c.model, c.round, c.judge_version,
           r.parent_attempt_id, r.diagnosis_id, w.code as wrong_code, w.verdict as wrong_verdict, w.feedback,
           w.passed_tests as wrong_passed_tests, w.total_tests, w.bug, w.bug_line, r.token_distance, d.explanation
    from causes as r
    join usable as c using (attempt_id)
    join wrong as w on w.attempt_id = r.parent_attempt_id
    left join diagnoses as d on d.diagnosis_id = r.diagnosis_id
    where is_wrong(w.verdict) and is_trustworthy(w.flags)
    qualify row_number() over (
        partition by c.problem_id, w.code, c.code, d.explanation
        order by r.origin = 'model' desc, c.round, c.sample_index, c.attempt_id, r.parent_attempt_id
    ) = 1
),
firsts as (
    select attempt_id, problem_id, bucket, code, model, round, judge_version
    from usable
    where kind = 'generate'
    qualify row_number() over (partition by problem_id, code order by sample_index, attempt_id) = 1
),
examples as (
    select 'repair' as form, * from repairs
    -- Equal repairs may come with several explanations: the form without one takes each program once.
    qualify row_number() over (partition by problem_id, wrong_code, code order by round, attempt_id) = 1
    union all by name
    select 'explain_repair' as form, * from repairs where explanation is not null
    union all by name
    select 'generate' as form, * from firsts
    qualify $first_attempts is null
         or row_number() over (partition by problem_id order by attempt_id) <= $first_attempts
)
select e.form, e.origin, e.attempt_id, e.problem_id, e.bucket, e.code, e.model, e.round, e.judge_version,
       e.parent_attempt_id,
       case when e.form = 'explain_repair' then e.diagnosis_id end as diagnosis_id,
       case when e.form = 'explain_repair' then e.explanation end as explanation,
       e.wrong_code, e.wrong_verdict, e.feedback, e.wrong_passed_tests, e.total_tests, e.bug, e.bug_line,
       e.token_distance, p.prompt, p.entry_point, p.context, p.tests, p.source, p.source_id, p.licence
from examples as e
join problems as p using (problem_id)
where list_contains($forms, e.form)
order by e.problem_id, e.form, e.attempt_id
