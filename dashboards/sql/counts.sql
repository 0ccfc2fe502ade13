-- Programs by source, author and newest verdict.
select source, model, kind, round, verdict,
       count(*) as attempts,
       count(*) filter (has_code) as with_code,
       count(*) filter (tampered) as tampered,
       count(*) filter (flaky) as flaky
from facts
group by all
order by attempts desc
limit 5000
