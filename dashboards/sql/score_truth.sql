-- Programs by one scorer's value and by the share of the problem's own tests that they pass.
select least(floor(value * 20), 19)::integer as bin, least(floor(truth * 10), 9)::integer as truth_bin,
       count(*) as programs
from marks
where scorer = $scorer and truth is not null
group by all
order by all
limit 5000
