-- The rows that leave, with family and split as cleaning gave them. What may never leave is taken out here once more,
-- whatever was kept before.
select c.* exclude (bucket, program_ids, program_codes), k.family_id, k.split
from candidates as c
join kept as k using (example_id)
anti join unfit using (example_id)
order by c.example_id
