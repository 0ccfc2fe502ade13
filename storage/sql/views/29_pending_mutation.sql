-- References of one plan that passed their tests and lack verdicts on some of their first mutants. An infrastructure error
-- counts as no verdict: `broken` are the mutants that have one. `possible` bounds how many mutants the reference has,
-- as far as that is known.
create macro pending_mutation(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan and mutants > 0
),
held as (
    select m.attempt_id,
           list(m.mutant_id order by m.mutant_index) filter (m.verdict <> 'infra') as present,
           list(m.mutant_id order by m.mutant_index) filter (m.verdict = 'infra') as broken,
           max(m.possible) as possible
    from plan as p
    join mutants as m
        on m.suite_id = p.suite_id and m.judge_version = p.judge_version and m.mutator_version = p.mutator_version
       and m.mutant_index < p.mutants
    group by m.attempt_id
),
passed as (
    select attempt_id, problem_id, bucket, code, cpu_ms, wall_ms, calibration
    from references_of(of_plan)
    where verdict = 'passed' and is_trustworthy(flags)
)
select a.*, coalesce(h.present, []) as present, coalesce(h.broken, []) as broken,
       least(p.mutants, coalesce(h.possible, p.mutants)) - len(coalesce(h.present, [])) as missing
from plan as p
cross join passed as a
left join held as h using (attempt_id)
where len(coalesce(h.present, [])) < least(p.mutants, coalesce(h.possible, p.mutants))
  and concat(a.attempt_id, '@', p.mutator_version) not in (select row_id from drops where stage = 'strength')
order by a.problem_id;
