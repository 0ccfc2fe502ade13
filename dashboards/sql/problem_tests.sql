-- Generated tests of one problem, each text once, with the newest credibility.
with scored as (
    select test_id, scorer, value, passed, programs
    from test_scores
    where bucket = $bucket and problem_id = $problem
    qualify row_number() over (partition by test_id order by created_at desc, scorer) = 1
),
texts as (
    select test, arg_min(test_id, (position, sample_index)) as first_id, count(*) as written
    from tests
    where bucket = $bucket and problem_id = $problem and test is not null
    group by test
)
select t.test, t.written, max(s.value) as credibility, max(s.passed) as passed, max(s.programs) as programs
from texts as t
left join tests as w on w.bucket = $bucket and w.problem_id = $problem and w.test = t.test
left join scored as s on s.test_id = w.test_id
group by t.test, t.written, t.first_id
order by credibility desc nulls last, t.written desc, t.test
limit 200
