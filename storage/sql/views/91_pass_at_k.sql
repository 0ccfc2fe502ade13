-- The chance that k programs, drawn from n of which c are right, hold a right one: 1 - C(n-c, k) / C(n, k), for k <= n
-- (Chen et al. 2021, arXiv:2107.03374). As a product, which has no large numbers in it.
create macro chance_of_k(n, c, k) as 1 - list_product([(n - c - j) / (n - j) for j in range(k)]);

-- pass@k of first attempts, one row per source, model and recipe: the mean of chance_of_k over its `problems`. Those
-- with less than k judged programs are left out (`too_few`), as are problems whose own reference fails their tests.
-- A program that our own machinery failed to judge counts neither way; one that wavers or tampers is not right.
create macro pass_at_k(k) as table
with judged as (
    select p.source, a.model, a.template, a.recipe_id, a.problem_id,
           count(*) as n,
           count(*) filter (v.verdict = 'passed' and is_trustworthy(v.flags)) as c
    from attempts as a
    join problems as p using (problem_id)
    join verdicts as v using (attempt_id)
    where a.kind = 'generate' and v.verdict <> 'infra'
      and a.problem_id not in (select problem_id from flagged_problems)
    group by all
)
select source, model, template, recipe_id, k as k,
       count(*) filter (n >= k) as problems,
       count(*) filter (n < k) as too_few,
       round(avg(case when n >= k then chance_of_k(n, c, k) end), 4) as pass_at_k
from judged
group by all
order by all;

-- pass@1, pass@5 and pass@10 of first attempts, one row per source, model, recipe and k that some problem has enough
-- programs for; pass_at_k(k) gives any other k.
create view pass_at_k as
select *
from (from pass_at_k(1) union all from pass_at_k(5) union all from pass_at_k(10))
where problems > 0
order by all;
