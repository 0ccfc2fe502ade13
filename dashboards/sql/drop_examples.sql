-- Rows that one stage left out for one reason; ids are hashes, so their order is random.
select d.row_id, d.bucket, d.detail, p.source, p.source_id, d.problem_id
from drops as d
left join problems as p on p.problem_id = d.problem_id
where d.stage = $stage and d.reason = $reason
order by d.row_id
limit 50
