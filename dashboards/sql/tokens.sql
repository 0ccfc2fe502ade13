-- Answers and tokens of models by step.
with answers as (
    select kind as step, model, count(*) as answers, sum(prompt_tokens) as prompt_tokens,
           sum(completion_tokens) as completion_tokens
    from facts
    where kind <> 'reference'
    group by all
    union all by name
    select 'diagnose' as step, model, count(*) as answers, sum(prompt_tokens) as prompt_tokens,
           sum(completion_tokens) as completion_tokens
    from diagnoses
    group by all
    union all by name
    select 'write_tests' as step, model, count(*) filter (position = 0) as answers,
           sum(prompt_tokens) as prompt_tokens, sum(completion_tokens) as completion_tokens
    from tests
    group by all
    union all by name
    select 'mining: ' || step as step, model, count(*) as answers, sum(prompt_tokens) as prompt_tokens,
           sum(completion_tokens) as completion_tokens
    from ideas
    group by all
)
select step, model, answers, prompt_tokens::bigint as prompt_tokens, completion_tokens::bigint as completion_tokens
from answers
order by step, model
limit 5000
