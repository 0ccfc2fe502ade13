-- Every verified repair, in a form without its explanation and, where there is one, in a form with it; and every right
-- first attempt. Of equal programs for equal causes the earliest counts.
with usable as (
    select a.*, v.judge_version
    from attempts as a
    join verdicts as v using (attempt_id)
    where v.verdict = 'passed' and a.code is not null
      and is_trustworthy(v.flags)
      and ($shared or not list_contains(v.flags, 'shared'))
      and a.problem_id not in (select problem_id from flagged_problems)
),
repairs as (
    select c.attempt_id, c.problem_id, c.bucket, c.code, c.model, c.round, c.judge_version, c.parent_attempt_id,
           c.diagnosis_id, w.code as wrong_code, wv.verdict as wrong_verdict, wv.feedback, d.explanation
    from usable as c
    join attempts as w on w.attempt_id = c.parent_attempt_id
    join verdicts as wv on wv.attempt_id = w.attempt_id
    left join diagnoses as d on d.diagnosis_id = c.diagnosis_id
    where c.kind = 'repair' and is_wrong(wv.verdict)
      and is_trustworthy(wv.flags)
    qualify row_number() over (
        partition by c.problem_id, w.code, c.code, d.explanation order by c.round, c.sample_index, c.attempt_id
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
select e.form, e.attempt_id, e.problem_id, e.bucket, e.code, e.model, e.round, e.judge_version, e.parent_attempt_id,
       case when e.form = 'explain_repair' then e.diagnosis_id end as diagnosis_id,
       case when e.form = 'explain_repair' then e.explanation end as explanation,
       e.wrong_code, e.wrong_verdict, e.feedback,
       p.prompt, p.entry_point, p.tests, p.source, p.source_id, p.licence
from examples as e
join problems as p using (problem_id)
where list_contains($forms, e.form)
order by e.problem_id, e.form, e.attempt_id
