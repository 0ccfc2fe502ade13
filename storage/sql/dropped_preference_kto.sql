-- Every program without a label, with the reason.
with spread as (
    select problem_id, count(*) as programs, max(score) as best, min(score) as worst
    from programs
    where exclusion is null
    group by problem_id
)
select $stage as stage, attempt_id as row_id, problem_id, bucket,
       case
           when exclusion is not null then exclusion
           when s.programs = 1 then 'alone'
           when s.best = s.worst then 'no_contrast'
           when round(s.best - s.worst, 9) < $min_gap then 'near_tie'
           when (score >= $kto_high and not may_win) or (score <= $kto_low and not may_lose) then 'vetoed'
           when score >= $kto_high then 'passes_none'
           else 'between'
       end as reason,
       case
           when exclusion is null then format('score {:.4f} of {:.4f} to {:.4f}', score, worst, best)
           else detail
       end as detail
from programs
left join spread as s using (problem_id)
where attempt_id not in (select attempt_id from examples)
order by row_id
