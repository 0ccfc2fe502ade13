-- Wrong programs of the round before that still lack repairs of this recipe: one row per explanation, or per program
-- where the chain has none. A reply that holds both explanation and program wants the one repair with its own index.
with have as (
    select parent_attempt_id as attempt_id, coalesce(diagnosis_id, '') as cause,
           list(sample_index order by sample_index) as present
    from attempts
    where recipe_id = $repair_recipe and kind = 'repair' and sample_index < $repairs
    group by all
)
select w.attempt_id, w.problem_id, s.bucket, w.code, w.feedback, d.diagnosis_id, d.explanation, d.completion,
       d.finish_reason, d.sample_index as diagnosis_index, coalesce(h.present, []) as present
from repairable(
    $selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $rounds, $suite, $judge_version,
    $round - 1
) as w
join selections as s on s.problem_id = w.problem_id and s.selection_id = $selection
left join diagnoses as d
    on d.attempt_id = w.attempt_id and d.recipe_id = $diagnose_recipe and d.sample_index < $diagnoses
left join have as h on h.attempt_id = w.attempt_id and h.cause = coalesce(d.diagnosis_id, '')
where ($chain = 'direct' or d.diagnosis_id is not null)
  and ($chain <> 'two_calls' or d.explanation is not null)
  and len(coalesce(h.present, [])) < (case when $chain = 'one_reply' then 1 else $repairs end)
order by w.problem_id, w.attempt_id, d.diagnosis_id
