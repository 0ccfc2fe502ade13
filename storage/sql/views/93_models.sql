-- What was asked of models and what it cost, one row per recipe (a template, a model and how it is sampled). `unusable`
-- answers hold no program, explanation, test or task; `cut_off` ones ended at the limit of tokens. Where one reply holds
-- explanation and repair, its tokens count with the explanation.
create view models as
with answers as (
    select case kind when 'generate' then 'generate' else 'repair' end as stage, model, model_revision, template, sampling,
           recipe_id, prompt_tokens, completion_tokens, finish_reason, code is null as unusable
    from attempts
    where kind <> 'reference'
    union all by name
    select 'diagnose' as stage, model, model_revision, template, sampling, recipe_id, prompt_tokens, completion_tokens,
           finish_reason, explanation is null as unusable
    from diagnoses
    union all by name  -- an answer is as many rows as there are tests in it
    select 'write_tests' as stage, model, model_revision, template, sampling, recipe_id,
           sum(prompt_tokens)::bigint as prompt_tokens, sum(completion_tokens)::bigint as completion_tokens,
           any_value(finish_reason) as finish_reason, count(test) = 0 as unusable
    from tests
    group by problem_id, sample_index, model, model_revision, template, sampling, recipe_id
    union all by name
    select 'mine ' || step as stage, model, model_revision, template, sampling, recipe_id, prompt_tokens,
           completion_tokens, finish_reason, text is null as unusable
    from ideas
)
select model, model_revision, stage, template, sampling, recipe_id,
       count(*) as answers,
       sum(prompt_tokens)::bigint as prompt_tokens,
       sum(completion_tokens)::bigint as completion_tokens,
       round(avg(completion_tokens), 1) as tokens_per_answer,
       round(count(*) filter (unusable) / count(*), 4) as unusable,
       round(count(*) filter (finish_reason = 'length') / count(*), 4) as cut_off
from answers
group by all
order by model, model_revision, stage, template, sampling, recipe_id;
