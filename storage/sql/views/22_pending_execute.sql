-- References, attempts and injected bugs of one plan without a verdict of its judge. A bug comes with the time that the
-- right program took. A reference that its problem still has comes with `is_reference`: it is judged first, and says how
-- the others are judged (`calibration`, JSON of judge.Calibration, once it has passed). An infrastructure error counts as
-- no verdict, unless the problem's checker caused it; `replaces` says that such a row is there.
create macro pending_execute(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan
),
attempt_ids as (
    select attempt_id from attempts_of(of_plan)
    union
    select a.attempt_id
    from plan as p
    join selections as s using (selection_id)
    join attempts as a on a.problem_id = s.problem_id
    where a.kind = 'reference'
),
programs as (
    select a.attempt_id, a.problem_id, a.bucket, a.code, a.kind = 'reference' as is_reference,
           null::double as original_cpu_ms, null::double as original_wall_ms
    from attempt_ids
    join attempts as a using (attempt_id)
    union all
    select b.bug_id, b.problem_id, b.bucket, b.code, false, e.cpu_ms, e.wall_ms
    from plan as p
    join bugs as b on b.bugs_version = p.bugs_version and b.bug_index < p.bugs
    join attempt_ids as a on a.attempt_id = b.attempt_id
    join executions as e
        on e.attempt_id = b.attempt_id and e.suite_id = p.suite_id and e.judge_version = p.judge_version
       and e.verdict = 'passed'
),
calibrations as (
    select problem_id, any_value(calibration) as calibration
    from references_of(of_plan)
    where verdict = 'passed'
    group by problem_id
)
select a.attempt_id, a.problem_id, a.bucket, a.code, a.original_cpu_ms, a.original_wall_ms,
       a.is_reference and coalesce(a.code = pr.reference, false) as is_reference, c.calibration,
       e.verdict is not null as replaces, 1::bigint as missing
from programs as a
join problems as pr on pr.problem_id = a.problem_id and pr.tests_kind <> 'none'
cross join plan as p
left join calibrations as c on c.problem_id = a.problem_id
left join executions as e
    on e.attempt_id = a.attempt_id and e.suite_id = p.suite_id and e.judge_version = p.judge_version
where e.verdict is null or (e.verdict = 'infra' and not list_contains(e.flags, 'checker'))
order by a.problem_id, a.attempt_id;
