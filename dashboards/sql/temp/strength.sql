-- The view test_strength, computed once.
select * from test_strength
