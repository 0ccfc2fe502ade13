-- Right programs of one plan that lack bugs: of each problem the distinct right first attempts, then its reference, as
-- many as the plan asks for. A program in `drops` offers no places for more.
create macro pending_inject(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan and list_contains(products, 'debugging') and bugs > 0
),
right_programs as (
    select attempt_id, problem_id, code, 0 as place
    from verdicts_of(of_plan)
    where round = 0 and verdict = 'passed' and is_trustworthy(flags)
    union all
    select attempt_id, problem_id, code, 1 as place
    from references_of(of_plan)
    where verdict = 'passed' and is_trustworthy(flags)
),
distinct_programs as (
    select * from right_programs
    qualify row_number() over (partition by problem_id, code order by place, attempt_id) = 1
),
held as (
    select b.attempt_id, list(b.bug_index order by b.bug_index) as present
    from plan as p
    join bugs as b on b.bugs_version = p.bugs_version and b.bug_index < p.bugs
    group by b.attempt_id
),
chosen as (
    select d.*, p.bugs, p.bugs_version, s.bucket
    from plan as p
    join selections as s using (selection_id)
    join distinct_programs as d using (problem_id)
    where d.problem_id not in (select problem_id from failed_references_of(of_plan))
    qualify row_number() over (partition by d.problem_id order by d.place, d.attempt_id) <= p.bug_programs
)
select c.attempt_id, c.problem_id, c.bucket, c.code, coalesce(h.present, []) as present,
       c.bugs - len(coalesce(h.present, [])) as missing
from chosen as c
left join held as h using (attempt_id)
where len(coalesce(h.present, [])) < c.bugs
  and concat(c.attempt_id, '@', c.bugs_version) not in (select row_id from drops where stage = 'inject')
order by c.problem_id, c.attempt_id;
