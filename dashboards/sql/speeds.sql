-- Programs on inputs by median CPU time, in half decades from 0.1 ms.
select floor(log10(greatest(cpu_ms, 0.1)) * 2) / 2 as decades, agreed, count(*) as measurements
from spreads
group by all
order by all
limit 100
