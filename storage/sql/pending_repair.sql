-- Wrong programs of the round before that still lack repairs of this recipe: one row per explanation, or per program
-- where the chain has none. A reply that holds both explanation and program wants the one repair with its own index.
with causes as (
    select w.attempt_id, w.problem_id, w.code, w.feedback, d.diagnosis_id, d.explanation, d.completion, d.finish_reason,
           d.prompt_tokens, d.completion_tokens, d.sample_index as diagnosis_index
    from repairable(
        $selection, $generate_recipe, $samples, $repair_recipe, $repairs, $diagnoses, $suite, $judge_version, $round - 1
    ) as w
    left join diagnoses as d
        on d.attempt_id = w.attempt_id and d.recipe_id = $diagnose_recipe and d.sample_index < $diagnoses
    where $chain = 'direct' or d.explanation is not null
)
select c.*, p.bucket, p.prompt, p.entry_point, p.tests,
       coalesce(list(a.sample_index order by a.sample_index) filter (a.sample_index < $repairs), []) as present
from causes as c
join problems as p using (problem_id)
left join attempts as a
    on a.parent_attempt_id = c.attempt_id and a.recipe_id = $repair_recipe
   and a.diagnosis_id is not distinct from c.diagnosis_id
group by all
having len(present) < (case when $chain = 'one_reply' then 1 else $repairs end)
order by c.problem_id, c.attempt_id, c.diagnosis_id
