-- Programs whose score is high or low enough for a label, of problems whose scores differ. A program that is labelled
-- desirable passes at least one generated test.
with usable as (
    select *, max(score) over problem - min(score) over problem as spread
    from programs
    where exclusion is null
    window problem as (partition by problem_id)
),
labelled as (
    select *, case
               when score >= $kto_high and passed > 0 and may_win then true
               when score <= $kto_low and may_lose then false
           end as label
    from usable
    where round(spread, 9) >= $min_gap
)
select l.attempt_id, l.problem_id, l.bucket, l.code, l.label, $scorer as scorer, l.matrix_id, l.score, l.passes, l.model,
       l.judge_version, p.prompt, p.entry_point, p.tests, p.source, p.source_id, p.licence
from labelled as l
join problems as p using (problem_id)
where l.label is not null
order by l.attempt_id
