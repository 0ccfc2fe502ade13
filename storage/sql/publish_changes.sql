-- The changes of a version against the last one, by split and source. A row with the same example_id is `changed` where
-- any other column differs, and `moved` where it stands in another split.
select coalesce(n.split, o.split) as split, coalesce(n.source, o.source) as source,
       count(*) filter (o.example_id is null) as added,
       count(*) filter (n.example_id is null) as removed,
       count(*) filter (n.digest <> o.digest) as changed,
       count(*) filter (n.split <> o.split) as moved,
       count(n.example_id) as rows_now,
       count(o.example_id) as rows_before
from digests as n
full join last_digests as o using (example_id)
group by all
order by all
