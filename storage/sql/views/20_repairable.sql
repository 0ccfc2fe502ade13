-- Wrong programs of one round of a plan that deserve a repair: judged wrong by their own fault, no two alike,
-- nothing that tampered or wavered, and (from the second round on) no failure that a repair has mended already.
create macro repairable(
    of_selection, of_generate, of_samples, of_repair, of_repairs, of_diagnoses, of_rounds, of_suite, of_version,
    of_round
) as table
with judged as (
    select m.*, e.verdict, e.feedback, e.flags
    from mine(of_selection, of_generate, of_samples, of_repair, of_repairs, of_diagnoses, of_rounds) as m
    join executions as e on e.attempt_id = m.attempt_id and e.suite_id = of_suite and e.judge_version = of_version
),
wrong as (
    select *, row_number() over (partition by problem_id, code order by round, sample_index, attempt_id) as copy
    from judged
    where code is not null and verdict not in ('passed', 'infra', 'no_code')
)
select attempt_id, problem_id, root_id, code, verdict, feedback
from wrong
where copy = 1 and round = of_round and not list_has_any(flags, ['tampered', 'flaky'])
  and root_id not in (select root_id from judged where verdict = 'passed' and round <= of_round);
