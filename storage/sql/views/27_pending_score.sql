-- Problems of one plan whose matrix some scorer of the plan has not scored. `matrix_id` is the address of its programs
-- (with their results on the problem's own tests), its tests, their judge and the scorers' settings. A program that an
-- infrastructure error leaves without a full row of verdicts, or whose verdicts cannot be trusted, is not in the matrix.
create macro pending_score(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan and list_contains(products, 'preference')
),
suites as (
    select problem_id, count(*) as tests, string_agg(test_id, ',' order by test_id) as ids
    from suite_tests_of(of_plan)
    group by problem_id
),
untrusted as (
    select e.attempt_id
    from plan as p
    join executions as e on e.judge_version = p.judge_version
    where not is_trustworthy(e.flags)
),
complete as (
    select a.problem_id, a.attempt_id, any_value(a.passed_tests) as passed,
           any_value(nullif(a.total_tests, 0)) as total
    from verdicts_of(of_plan) as a
    join suite_tests_of(of_plan) as t using (problem_id)
    join cells_of(of_plan) as c on c.attempt_id = a.attempt_id and c.test = t.test
    join suites as w on w.problem_id = a.problem_id
    where a.round = 0 and a.attempt_id not in (select attempt_id from untrusted)
    group by a.problem_id, a.attempt_id, w.tests
    having count(distinct t.test_id) = w.tests
),
matrices as (
    select c.problem_id, w.tests,
           md5(concat_ws('|', w.ids, p.matrix_conditions_id, p.judge_version, p.score_settings, string_agg(
               concat_ws(':', c.attempt_id, c.passed, c.total), ',' order by c.attempt_id))) as matrix_id,
           list({'attempt_id': c.attempt_id, 'passed': c.passed, 'total': c.total} order by c.attempt_id) as programs
    from complete as c
    join suites as w using (problem_id)
    cross join plan as p
    group by c.problem_id, w.tests, w.ids, p.matrix_conditions_id, p.judge_version, p.score_settings
),
scored as (
    select problem_id, matrix_id, list(scorer) as scorers from rankings group by problem_id, matrix_id
)
select m.problem_id, s.bucket, m.matrix_id, m.programs, 1::bigint as missing
from plan as p
join selections as s using (selection_id)
join matrices as m on m.problem_id = s.problem_id
left join scored as r on r.problem_id = m.problem_id and r.matrix_id = m.matrix_id
where not list_has_all(coalesce(r.scorers, []), p.scorers)
order by m.problem_id;
