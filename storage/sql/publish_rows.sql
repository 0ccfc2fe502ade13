-- The rows of a version, with the family and split that cleaning assigned. Ineligible rows are excluded here once more,
-- whatever cleaning decided.
select c.* exclude (bucket, program_ids, program_codes), k.family_id, k.split
from candidates as c
join kept_examples as k using (example_id)
anti join ineligible using (example_id)
order by c.example_id
