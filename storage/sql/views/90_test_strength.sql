-- How many wrong versions of its reference each problem's own tests tell from it, by the newest judge, suite and mutator.
-- A kill rate of 1 is often out of reach: some mutants do the same as the reference in other words, and no test can kill
-- those. Survivors stand in `mutants` with `not killed`; only reading them tells a weak test from an equal program.
create view test_strength as
with newest as (
    select m.problem_id, m.attempt_id, m.suite_id, m.judge_version, m.mutator_version
    from mutants as m
    join attempts as a using (attempt_id)
    join problems as p on p.problem_id = m.problem_id and p.reference = a.code  -- a mended one leaves its old rows
    qualify row_number() over (
        partition by m.problem_id
        order by m.judge_version desc, m.mutator_version desc, m.created_at desc, m.suite_id
    ) = 1
)
select p.problem_id, p.source, p.source_id,
       count(m.mutant_id) as mutants,
       count(*) filter (m.killed) as killed,
       count(*) filter (not m.killed) as survived,
       round(count(*) filter (m.killed) / nullif(count(m.killed), 0), 4) as kill_rate
from problems as p
left join newest as n using (problem_id)
left join mutants as m
    on m.attempt_id = n.attempt_id and m.suite_id = n.suite_id and m.judge_version = n.judge_version
       and m.mutator_version = n.mutator_version
group by all
order by kill_rate, p.source, p.source_id;
