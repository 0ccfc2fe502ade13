-- Problems that a search finds: by id, by name in the source, or by words of the prompt. An id comes first, then problems
-- with verified repairs, then those with most attempts.
with counts as (
    select problem_id,
           count(*) filter (kind = 'generate') as first_attempts,
           count(*) filter (kind = 'generate' and verdict = 'passed') as right_at_once,
           count(*) filter (kind = 'repair') as repairs,
           count(*) filter (kind = 'repair' and verdict = 'passed') as verified_repairs
    from facts
    group by problem_id
),
matches as (
    select problem_id, bucket, source, source_id, left(prompt, 100) as prompt,
           source_id = $text or problem_id = $text as is_exact
    from problems
    where $text = '' or starts_with(problem_id, $text) or contains(lower(source || ' ' || source_id), lower($text))
       or contains(lower(prompt), lower($text))
)
select m.* exclude (is_exact), coalesce(c.first_attempts, 0) as first_attempts,
       coalesce(c.right_at_once, 0) as right_at_once, coalesce(c.repairs, 0) as repairs,
       coalesce(c.verified_repairs, 0) as verified_repairs
from matches as m
left join counts as c using (problem_id)
order by m.is_exact desc, coalesce(c.verified_repairs, 0) > 0 desc, coalesce(c.first_attempts, 0) desc, m.source, m.source_id
limit 50
