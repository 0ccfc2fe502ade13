-- What a version changed against the last one, by split and source. A row is changed where its example_id stayed and
-- anything else of it did not; moved where it stands in another split now.
select coalesce(n.split, o.split) as split, coalesce(n.source, o.source) as source,
       count(*) filter (o.example_id is null) as added,
       count(*) filter (n.example_id is null) as removed,
       count(*) filter (n.digest <> o.digest) as changed,
       count(*) filter (n.split <> o.split) as moved,
       count(n.example_id) as rows_now,
       count(o.example_id) as rows_before
from digests as n
full join digests_before as o using (example_id)
group by all
order by all
