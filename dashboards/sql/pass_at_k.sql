-- The unbiased estimator of pass@k per source and recipe: chance_of_k of a problem's n programs, of which c are right,
-- averaged over the problems with k programs or more. With `round` r, a first attempt counts as right where it passes,
-- or where a repair of it from rounds up to r passes. Programs without a verdict do not count.
with recursive chain as (
    select attempt_id, attempt_id as root_id, 0::bigint as round, verdict
    from facts
    where kind = 'generate'
    union all
    select f.attempt_id, c.root_id, f.round, f.verdict
    from facts as f
    join chain as c on f.parent_attempt_id = c.attempt_id
    where f.kind = 'repair'
),
ends as (
    select root_id, min(round) filter (verdict = 'passed') as right_from, max(round) as last_round
    from chain
    group by root_id
),
firsts as (
    select f.source, f.model, f.recipe_id, f.problem_id, e.right_from, e.last_round
    from facts as f
    join ends as e on e.root_id = f.attempt_id
    where f.kind = 'generate' and f.verdict not in ('infra', 'unjudged')
),
rounds as (
    select source, recipe_id, unnest(generate_series(0, max(last_round))) as round
    from firsts
    group by source, recipe_id
),
counted as (
    select f.source, f.model, f.recipe_id, f.problem_id, r.round, count(*) as n,
           count(*) filter (f.right_from <= r.round) as c
    from firsts as f
    join rounds as r using (source, recipe_id)
    group by all
),
estimates as (
    select source, model, recipe_id, round, k.k, chance_of_k(n, c, k.k) as estimate
    from counted
    join (select unnest([1, 2, 3, 5, 10, 15, 20, 50, 100]) as k) as k on k.k <= n
)
select source, model, recipe_id, round, k, count(*) as problems, avg(estimate) as pass_at_k,
       coalesce(stddev_samp(estimate) / sqrt(count(*)), 0) as standard_error
from estimates
group by all
order by all
limit 5000
