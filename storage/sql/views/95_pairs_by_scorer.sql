-- Preference pairs, one row per data set, scorer and model: how many, how far apart, and how far they can be trusted by
-- the problems' own tests, which decide nothing: the share of chosen programs that pass them and of rejected ones that
-- fail them, among those of problems that have tests (`checked`). `ratio` is the median speed-up of efficiency pairs.
create view pairs_by_scorer as
with pairs as (
    select 'preference_correctness' as data_set, scorer, model, problem_id, gap, chosen_passes, rejected_passes,
           null::double as ratio
    from preference_correctness
    union all by name
    select 'preference_efficiency' as data_set, scorer, model, problem_id, gap, chosen_passes, rejected_passes, ratio
    from preference_efficiency
)
select data_set, scorer, model,
       count(*) as pairs,
       count(distinct problem_id) as problems,
       round(median(gap), 4) as gap,
       count(chosen_passes) as checked,
       round(avg(chosen_passes::int), 4) as chosen_right,
       round(1 - avg(rejected_passes::int), 4) as rejected_wrong,
       round(median(ratio), 2) as ratio
from pairs
group by all
order by data_set, scorer, model;
