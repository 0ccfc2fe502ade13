-- Problems that a text finds: an id, a name in the source, or words of the prompt. Those with most to see come first.
with told as (
    select problem_id,
           count(*) filter (kind = 'generate') as first_attempts,
           count(*) filter (kind = 'generate' and verdict = 'passed') as right_at_once,
           count(*) filter (kind = 'repair') as repairs,
           count(*) filter (kind = 'repair' and verdict = 'passed') as verified_repairs
    from facts
    group by problem_id
),
found as (
    select problem_id, bucket, source, source_id, left(prompt, 100) as prompt,
           source_id = $text or problem_id = $text as exact
    from problems
    where $text = '' or starts_with(problem_id, $text) or contains(lower(source || ' ' || source_id), lower($text))
       or contains(lower(prompt), lower($text))
)
select f.* exclude (exact), coalesce(t.first_attempts, 0) as first_attempts,
       coalesce(t.right_at_once, 0) as right_at_once, coalesce(t.repairs, 0) as repairs,
       coalesce(t.verified_repairs, 0) as verified_repairs
from found as f
left join told as t using (problem_id)
order by f.exact desc, coalesce(t.verified_repairs, 0) > 0 desc, coalesce(t.first_attempts, 0) desc, f.source, f.source_id
limit 50
