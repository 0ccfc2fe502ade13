-- Whether there is anything to show.
select 1 as found from problems limit 1
