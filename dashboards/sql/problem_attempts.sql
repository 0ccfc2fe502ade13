-- The programs of one problem with their newest verdicts: references, then first attempts, then repairs.
with judged as (
    select attempt_id, verdict, flags, passed_tests, total_tests, tests, feedback, cpu_ms, peak_mib
    from executions
    where bucket = $bucket and problem_id = $problem and suite = 'given'
    qualify row_number() over (partition by attempt_id order by judge_version desc, created_at desc) = 1
)
select a.attempt_id, a.kind, a.round, a.parent_attempt_id, a.diagnosis_id, a.model, a.template, a.sample_index, a.code,
       a.no_code_reason, case when a.code is null then left(a.completion, 4000) end as completion,
       coalesce(j.verdict, 'unjudged') as verdict, coalesce(j.flags, []) as flags, j.passed_tests, j.total_tests,
       j.feedback, j.cpu_ms, j.peak_mib,
       list_filter(j.tests, lambda t: t.verdict <> 'passed')[:5] as failed_tests
from attempts as a
left join judged as j using (attempt_id)
where a.bucket = $bucket and a.problem_id = $problem
order by a.kind = 'reference' desc, a.round, a.model, a.sample_index, a.attempt_id
limit 400
