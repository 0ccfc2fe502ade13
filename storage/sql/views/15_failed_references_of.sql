-- Problems whose own reference does not pass their tests, by the judge and suite of one plan.
create macro failed_references_of(of_plan) as table
select problem_id from references_of(of_plan) where verdict not in ('passed', 'infra');
