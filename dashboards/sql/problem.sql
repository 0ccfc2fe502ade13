-- One problem.
select * from problems where bucket = $bucket and problem_id = $problem
limit 1
