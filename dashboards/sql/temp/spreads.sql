-- The median CPU time of each program on each input, and the spread of its repeats.
with measured as (
    select attempt_id, input_id, count(*) as repeats, median(cpu_ms) as cpu_ms, quantile_cont(cpu_ms, 0.75)
           - quantile_cont(cpu_ms, 0.25) as quartiles_ms, bool_and(agreed) as agreed
    from timings
    where verdict = 'passed'
    group by all
)
select *, quartiles_ms / nullif(cpu_ms, 0) as spread from measured
