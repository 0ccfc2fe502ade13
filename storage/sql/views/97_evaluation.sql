-- LeDex's grid (arXiv:2405.18649): how often first attempts of a model are right, and how often they are once every wrong
-- one was refined, one row per source, recipe of the attempts, way of refining and round. `way` is none, direct (no
-- explanation) or explain; one refinement each: the first one, by the first explanation. `refined` of the `wrong` programs
-- are right by that round. pass_at_1 and pass_at_10 are the unbiased estimator (see chance_of_k) over problems with so many
-- programs. A program that says the same as an earlier one shares its refinement; one without code has none.
create view evaluation as
with recursive firsts as (
    select a.attempt_id, a.problem_id, p.source, a.model, a.recipe_id,
           v.verdict = 'passed' and is_trustworthy(v.flags) as passes,
           first_value(a.attempt_id) over (
               partition by a.problem_id, a.recipe_id, coalesce(a.code, a.attempt_id) order by a.sample_index, a.attempt_id
           ) as stands_for
    from attempts as a
    join problems as p using (problem_id)
    join verdicts as v using (attempt_id)
    where a.kind = 'generate' and v.verdict <> 'infra'
      and a.problem_id not in (select problem_id from flagged_problems)
),
refinements as (
    select a.attempt_id, a.parent_attempt_id, a.recipe_id, a.round,
           case when a.diagnosis_id is null then 'direct' else 'explain' end as way,
           v.verdict = 'passed' and is_trustworthy(v.flags) as passes
    from attempts as a
    join verdicts as v using (attempt_id)
    left join diagnoses as d using (diagnosis_id)
    where a.kind = 'repair' and a.sample_index = 0 and coalesce(d.sample_index, 0) = 0
),
chain as (
    select r.parent_attempt_id as root_id, r.*
    from refinements as r
    join firsts as f on f.attempt_id = r.parent_attempt_id
    union all
    select c.root_id, r.*
    from refinements as r
    join chain as c on c.attempt_id = r.parent_attempt_id and c.recipe_id = r.recipe_id
),
mended as (
    select root_id, recipe_id as repair_recipe, min(round) as right_from
    from chain
    where passes
    group by all
),
ways as (
    select f.recipe_id, c.way, c.recipe_id as repair_recipe, max(c.round) as last_round
    from chain as c
    join firsts as f on f.attempt_id = c.root_id
    group by all
),
grid as (
    select distinct recipe_id, 'none' as way, null::varchar as repair_recipe, 0::bigint as round
    from firsts
    union all
    select recipe_id, way, repair_recipe, unnest(generate_series(1, last_round))
    from ways
),
counted as (
    select f.source, f.model, f.recipe_id, g.way, g.repair_recipe, g.round, f.problem_id, count(*) as n,
           count(*) filter (not f.passes) as wrong,
           count(*) filter (not f.passes and m.right_from <= g.round) as refined
    from firsts as f
    join grid as g using (recipe_id)
    left join mended as m on m.root_id = f.stands_for and m.repair_recipe = g.repair_recipe
    group by all
)
select source, model, recipe_id, way, repair_recipe, round, count(*) as problems, sum(n)::bigint as programs,
       sum(wrong)::bigint as wrong, sum(refined)::bigint as refined,
       round(sum(refined) / nullif(sum(wrong), 0), 4) as refined_rate,
       round(avg(chance_of_k(n, n - wrong + refined, 1)), 4) as pass_at_1,
       round(avg(case when n >= 10 then chance_of_k(n, n - wrong + refined, 10) end), 4) as pass_at_10
from counted
group by source, model, recipe_id, way, repair_recipe, round
order by source, model, recipe_id, way <> 'none', way, repair_recipe, round;
