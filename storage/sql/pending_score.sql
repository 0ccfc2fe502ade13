-- Problems of the selection whose matrix is not the one that some wanted scorer has scored. `matrix_id` is the address of
-- its programs (with what the problem's own tests say of them), its tests, their judge and the scorers' settings.
-- Programs that hiccups of ours, tampering or wavering leave without a full row of verdicts are not in it.
with wanted as (
    select problem_id, count(*) as tests, string_agg(test_id, ',' order by test_id) as ids
    from suite_tests($selection, $tests_recipe, $tests_samples, $tests_wanted)
    group by problem_id
),
complete as (
    select m.problem_id, m.attempt_id, any_value(e.passed_tests) as passed,
           any_value(nullif(e.total_tests, 0)) as total
    from mine($selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $rounds) as m
    join suite_tests($selection, $tests_recipe, $tests_samples, $tests_wanted) as t using (problem_id)
    join cells($matrix_conditions, $judge_version) as c on c.attempt_id = m.attempt_id and c.test = t.test
    join wanted as w on w.problem_id = m.problem_id
    left join executions as e
        on e.attempt_id = m.attempt_id and e.suite_id = $suite and e.judge_version = $judge_version
    where m.round = 0 and m.attempt_id not in (
        select attempt_id from executions
        where judge_version = $judge_version and list_has_any(flags, ['tampered', 'flaky'])
    )
    group by m.problem_id, m.attempt_id, w.tests
    having count(distinct t.test_id) = w.tests
),
matrices as (
    select c.problem_id, w.tests,
           md5(concat_ws('|', w.ids, $matrix_conditions, $judge_version, $score_settings, string_agg(
               concat_ws(':', c.attempt_id, c.passed, c.total), ',' order by c.attempt_id))) as matrix_id,
           list({'attempt_id': c.attempt_id, 'passed': c.passed, 'total': c.total} order by c.attempt_id) as programs
    from complete as c
    join wanted as w using (problem_id)
    group by c.problem_id, w.tests, w.ids
),
scored as (
    select problem_id, matrix_id, list(scorer) as scorers from rankings group by problem_id, matrix_id
)
select m.problem_id, s.bucket, m.matrix_id, m.programs
from matrices as m
join selections as s on s.problem_id = m.problem_id and s.selection_id = $selection
left join scored as r on r.problem_id = m.problem_id and r.matrix_id = m.matrix_id
where not list_has_all(coalesce(r.scorers, []), $scorers)
order by m.problem_id
