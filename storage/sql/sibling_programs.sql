-- The distinct first attempts of every problem that has right and wrong ones: `is_right`, else wrong by its own fault. So
-- many of either kind as $siblings says.
with judged as (
    select a.problem_id, a.attempt_id, a.code, v.verdict = 'passed' as is_right
    from attempts as a
    join verdicts as v using (attempt_id)
    where a.kind = 'generate' and a.code is not null and (v.verdict = 'passed' or is_wrong(v.verdict))
      and is_trustworthy(v.flags)
      and ($shared or not list_contains(v.flags, 'shared'))
      and a.problem_id not in (select problem_id from flagged_problems)
    qualify row_number() over (partition by a.problem_id, a.code order by a.attempt_id) = 1
)
select problem_id, attempt_id, code, is_right
from judged
where problem_id in (select problem_id from judged where is_right)
  and problem_id in (select problem_id from judged where not is_right)
qualify row_number() over (partition by problem_id, is_right order by attempt_id) <= $siblings
order by problem_id, is_right, attempt_id
