-- Verified repairs per 1,000 tokens of the model, by origin: `model` needs first attempts, explanations and repairs,
-- `sibling` and `injected` first attempts alone. A pair counts once, whatever its forms.
create view yield as
with tokens as (
    select model, 'first attempts' as stage, sum(prompt_tokens + completion_tokens) as tokens
    from attempts
    where kind = 'generate'
    group by model
    union all
    select model, 'repairs', sum(prompt_tokens + completion_tokens) from attempts where kind = 'repair' group by model
    union all
    select model, 'explanations', sum(prompt_tokens + completion_tokens) from diagnoses group by model
),
spent as (
    select o.origin, t.model, sum(t.tokens)::bigint as tokens
    from tokens as t
    join (values ('model'), ('sibling'), ('injected')) as o(origin) on o.origin = 'model' or t.stage = 'first attempts'
    group by all
),
pairs as (
    select coalesce(e.origin, 'model') as origin, a.model, count(distinct (e.parent_attempt_id, e.code)) as repairs
    from debugging_sft as e
    join attempts as a using (attempt_id)
    where e.form = 'repair'
    group by all
)
select origin, model, coalesce(repairs, 0) as repairs, coalesce(tokens, 0) as tokens,
       round(1000 * coalesce(repairs, 0) / nullif(tokens, 0), 3) as repairs_per_1000_tokens
from spent
full join pairs using (origin, model)
order by origin, model;
