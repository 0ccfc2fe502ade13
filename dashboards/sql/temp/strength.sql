-- The view of the same meaning, worked out once.
select * from test_strength
