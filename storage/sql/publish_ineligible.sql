-- Rows of the dataset that are never published, each with one reason: for one of its programs some judge reported an
-- infrastructure error, tampering or a flaky verdict, on whatever tests, or there is no verdict at all. No setting
-- changes this.
with programs as (
    select example_id, problem_id, unnest(program_ids) as attempt_id from candidates
),
evidence as (
    select attempt_id,
           bool_or(verdict = 'infra') as infra,
           bool_or(list_contains(flags, 'tampered')) as tampered,
           bool_or(list_contains(flags, 'flaky')) as flaky
    from executions
    group by attempt_id
),
reasons as (
    select r.example_id, r.problem_id,
           case
               when r.problem_id not in (select problem_id from problems) then 'no_problem'
               when m.tampered then 'tampered'
               when m.flaky then 'flaky'
               when m.infra then 'infra'
               when m.attempt_id is null then 'unjudged'
           end as reason,
           r.attempt_id as detail
    from programs as r
    left join evidence as m using (attempt_id)
    where r.attempt_id is not null
)
select example_id, problem_id, reason, detail
from reasons
where reason is not null
qualify row_number() over (partition by example_id order by reason, detail) = 1
order by example_id
