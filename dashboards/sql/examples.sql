-- Examples by dataset and form.
select 'debugging_sft' as dataset, form, source, model, count(*) as examples from debugging_sft group by all
union all
select 'preference_correctness', 'pair', source, model, count(*) from preference_correctness group by all
union all
select 'preference_efficiency', 'pair', source, model, count(*) from preference_efficiency group by all
union all
select 'preference_kto', case when label then 'desirable' else 'undesirable' end, source, model, count(*)
from preference_kto group by all
order by dataset, form, source, model
limit 5000
