-- Every program in narrow columns, with its newest verdict on its problem's own tests.
select a.attempt_id, a.problem_id, p.source, a.model, a.recipe_id, a.kind, a.round, a.parent_attempt_id,
       a.no_code_reason is null as has_code,  -- cheaper to read than the code
       a.prompt_tokens, a.completion_tokens,
       coalesce(v.verdict, 'unjudged') as verdict,
       coalesce(list_contains(v.flags, 'tampered'), false) as tampered,
       coalesce(list_contains(v.flags, 'flaky'), false) as flaky,
       coalesce(v.run_id, '') as run_id, v.created_at as judged_at, coalesce(v.cpu_ms, 0) as cpu_ms
from attempts as a
join problems as p using (problem_id)
left join verdicts as v using (attempt_id)
