-- A row if the lake holds a problem.
select 1 as one from problems limit 1
