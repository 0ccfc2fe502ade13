-- Pairs by how many times slower the rejected program is, in quarter octaves.
select source, floor(log2(ratio) * 4) / 4 as octaves, count(*) as pairs
from pairs
where dataset = 'preference_efficiency' and ratio > 0
group by all
order by all
limit 2000
