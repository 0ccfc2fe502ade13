-- Problems of one plan whose scored programs have not been timed as they are now. Each comes with the tests that its best
-- program passes (of equal scores the first by id), and the best programs that pass all of these, no two with equal code.
-- `matrix_id` is that of the scores.
create macro pending_timing(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan and list_contains(products, 'preference')
),
matrix as (
    select r.problem_id, s.bucket, r.matrix_id
    from plan as p
    join selections as s using (selection_id)
    join rankings as r on r.problem_id = s.problem_id and r.scorer = p.timed_scorer
    where concat(r.problem_id, '@', r.matrix_id, '@', p.timing_id) not in (
          -- problems whose programs were not separated have scores, which are written last
          select row_id from drops where stage = 'time' and reason <> 'not_separated'
      )
      and not exists (
          select 1 from scores as t
          where t.matrix_id = r.matrix_id and t.scorer = p.timing_scorer and t.parts ->> '$.time_id' = p.timing_id
      )
),
scored as (
    select m.problem_id, s.attempt_id, s.value, a.code,
           row_number() over (partition by m.problem_id order by s.value desc, s.attempt_id) as place
    from plan as p
    cross join matrix as m
    join scores as s on s.problem_id = m.problem_id and s.matrix_id = m.matrix_id and s.scorer = p.timed_scorer
    join attempts as a on a.attempt_id = s.attempt_id
),
untrusted as (
    select e.attempt_id
    from plan as p
    join executions as e on e.judge_version = p.judge_version
    where not is_trustworthy(e.flags) or list_contains(e.flags, 'shared')
),
passed as (
    select s.problem_id, s.attempt_id, s.place, t.test_id, t.test
    from scored as s
    join suite_tests_of(of_plan) as t on t.problem_id = s.problem_id
    join cells_of(of_plan) as c on c.attempt_id = s.attempt_id and c.test = t.test
    where c.verdict = 'passed' and s.attempt_id not in (select attempt_id from untrusted)
),
trusted as (
    select problem_id, test_id, test from passed where place = 1
),
correct as (
    select p.problem_id, p.attempt_id
    from passed as p
    join trusted as t on t.problem_id = p.problem_id and t.test_id = p.test_id
    group by p.problem_id, p.attempt_id
    having count(distinct p.test_id) = (select count(*) from trusted as t where t.problem_id = p.problem_id)
),
chosen as (
    select u.problem_id, u.attempt_id, u.code
    from (
        select s.* from scored as s join correct as r using (problem_id, attempt_id)
        qualify row_number() over (partition by s.problem_id, s.code order by s.place) = 1
    ) as u
    cross join plan as p
    qualify row_number() over (partition by u.problem_id order by u.place) <= p.timed_programs
)
select m.problem_id, m.bucket, m.matrix_id,
       (select list({'test_id': t.test_id, 'test': t.test} order by t.test_id)
        from trusted as t where t.problem_id = m.problem_id) as trusted_tests,
       list({'attempt_id': c.attempt_id, 'code': c.code} order by c.attempt_id) as programs,
       1::bigint as missing
from matrix as m
join chosen as c on c.problem_id = m.problem_id
group by m.problem_id, m.bucket, m.matrix_id
having count(*) >= 2
order by m.problem_id;
