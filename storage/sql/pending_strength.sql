-- References of the selection that passed under this suite and judge, and of whose first mutants some are not judged
-- there. Hiccups of ours count as not judged. `wanted` is how many there should be, as far as is known.
with have as (
    select attempt_id,
           list(mutant_id order by mutant_index) filter (verdict <> 'infra') as present,
           list(mutant_id order by mutant_index) filter (verdict = 'infra') as again,
           max(possible) as possible
    from mutants
    where suite_id = $suite and judge_version = $judge_version and mutator_version = $mutator_version
      and mutant_index < $mutants
    group by attempt_id
),
passed as (
    select a.attempt_id, a.problem_id, a.bucket, a.code, e.cpu_ms, e.wall_ms
    from selections as s
    join problems as p using (problem_id)
    join attempts as a on a.problem_id = p.problem_id and a.kind = 'reference' and a.code = p.reference
    join executions as e
        on e.attempt_id = a.attempt_id and e.suite_id = $suite and e.judge_version = $judge_version
    where s.selection_id = $selection and e.verdict = 'passed' and not list_has_any(e.flags, ['tampered', 'flaky'])
)
select p.*, coalesce(h.present, []) as present, coalesce(h.again, []) as again,
       least($mutants::bigint, coalesce(h.possible, $mutants::bigint)) as wanted
from passed as p
left join have as h using (attempt_id)
where len(coalesce(h.present, [])) < least($mutants::bigint, coalesce(h.possible, $mutants::bigint))
  and concat(p.attempt_id, '@', $mutator_version) not in (select row_id from drops where stage = 'strength')
order by p.problem_id
