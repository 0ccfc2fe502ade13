-- Wrong programs of one plan that lack repairs: a row per explanation, or per program where the chain has none. A reply
-- that holds both explanation and program lacks the one repair that carries its own index.
create macro pending_repair(of_plan) as table
with plan as (
    select *, case when chain = 'one_reply' then 1 else repairs end as repairs_per_cause
    from plans
    where plan_id = of_plan and list_contains(products, 'debugging')
),
held as (
    select a.parent_attempt_id as attempt_id, coalesce(a.diagnosis_id, '') as cause,
           list(a.sample_index order by a.sample_index) as present
    from plan as p
    join attempts as a on a.recipe_id = p.repair_recipe and a.sample_index < p.repairs
    where a.kind = 'repair'
    group by all
)
select w.attempt_id, w.problem_id, s.bucket, w.round + 1 as round, w.code, w.feedback, d.diagnosis_id, d.explanation,
       d.completion, d.finish_reason, d.sample_index as diagnosis_index, coalesce(h.present, []) as present,
       p.repairs_per_cause - len(coalesce(h.present, [])) as missing
from plan as p
join selections as s using (selection_id)
join repairable_of(of_plan) as w on w.problem_id = s.problem_id
left join diagnoses as d
    on d.attempt_id = w.attempt_id and d.recipe_id = p.diagnose_recipe and d.sample_index < p.diagnoses
left join held as h on h.attempt_id = w.attempt_id and h.cause = coalesce(d.diagnosis_id, '')
where (p.chain = 'direct' or d.diagnosis_id is not null)
  and (p.chain <> 'two_calls' or d.explanation is not null)
  and len(coalesce(h.present, [])) < p.repairs_per_cause
order by w.problem_id, w.attempt_id, d.diagnosis_id;
