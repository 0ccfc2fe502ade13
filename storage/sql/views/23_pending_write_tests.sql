-- Problems of one plan that lack answers with tests, with the sample indices that are present.
create macro pending_write_tests(of_plan) as table
with plan as (
    select * from plans where plan_id = of_plan and list_contains(products, 'preference')
),
held as (
    select t.problem_id, list(distinct t.sample_index order by t.sample_index) as present
    from plan as p
    join tests as t on t.recipe_id = p.tests_recipe and t.sample_index < p.tests_samples
    group by t.problem_id
)
select s.problem_id, s.bucket, coalesce(h.present, []) as present,
       p.tests_samples - len(coalesce(h.present, [])) as missing
from plan as p
join selections as s using (selection_id)
left join held as h using (problem_id)
where len(coalesce(h.present, [])) < p.tests_samples
  and not (p.skip_failed_references and s.problem_id in (select problem_id from failed_references_of(of_plan)))
  and s.problem_id not in (select row_id from drops where stage = 'write_tests')
order by s.problem_id;
