-- Problems of the selection whose programs have been scored by self-validation, and not timed as they are now: each with
-- the tests that the best of them passes (of programs with one score the first by id), and the best programs that pass all
-- of these, no two with equal code. `matrix_id` is that of the scores.
with matrix as (
    select r.problem_id, s.bucket, r.matrix_id
    from rankings as r
    join selections as s on s.problem_id = r.problem_id and s.selection_id = $selection
    where r.scorer = $self_validation
      and concat(r.problem_id, '@', r.matrix_id, '@', $time_id) not in (
          select row_id from drops where stage = 'time' and reason <> 'not_separated'  -- these have scores, written last
      )
      and r.matrix_id not in (
          select matrix_id from scores where scorer = $efficiency and parts ->> '$.time_id' = $time_id
      )
),
scored as (
    select m.problem_id, s.attempt_id, s.value, a.code,
           row_number() over (partition by m.problem_id order by s.value desc, s.attempt_id) as place
    from matrix as m
    join scores as s on s.problem_id = m.problem_id and s.matrix_id = m.matrix_id and s.scorer = $self_validation
    join attempts as a on a.attempt_id = s.attempt_id
),
passed as (
    select s.problem_id, s.attempt_id, s.place, t.test_id, t.test
    from scored as s
    join suite_tests($selection, $tests_recipe, $tests_samples, $tests_wanted) as t on t.problem_id = s.problem_id
    join cells($matrix_conditions, $judge_version) as c on c.attempt_id = s.attempt_id and c.test = t.test
    where c.verdict = 'passed'
      and s.attempt_id not in (
          select attempt_id from executions
          where judge_version = $judge_version and list_has_any(flags, ['tampered', 'flaky', 'shared'])
      )
),
trusted as (
    select problem_id, test_id, test from passed where place = 1
),
right_ones as (
    select p.problem_id, p.attempt_id
    from passed as p
    join trusted as t on t.problem_id = p.problem_id and t.test_id = p.test_id
    group by p.problem_id, p.attempt_id
    having count(distinct p.test_id) = (select count(*) from trusted as t where t.problem_id = p.problem_id)
),
chosen as (
    select problem_id, attempt_id, code
    from (
        select s.* from scored as s join right_ones as r using (problem_id, attempt_id)
        qualify row_number() over (partition by s.problem_id, s.code order by s.place) = 1
    )
    qualify row_number() over (partition by problem_id order by place) <= $time_programs
)
select m.problem_id, m.bucket, m.matrix_id,
       (select list({'test_id': t.test_id, 'test': t.test} order by t.test_id)
        from trusted as t where t.problem_id = m.problem_id) as tests,
       list({'attempt_id': c.attempt_id, 'code': c.code} order by c.attempt_id) as programs
from matrix as m
join chosen as c on c.problem_id = m.problem_id
group by m.problem_id, m.bucket, m.matrix_id
having count(*) >= 2
order by m.problem_id
