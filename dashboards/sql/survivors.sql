-- Mutants of one problem's reference that pass all of its tests.
select m.mutant_id, m.operator, m.line, m.code, m.verdict, p.reference
from mutants as m
join problems as p using (problem_id)
where m.bucket = $bucket and m.problem_id = $problem and p.bucket = $bucket and not m.killed
qualify m.mutator_version = max(m.mutator_version) over () and m.judge_version = max(m.judge_version) over ()
order by m.mutant_index
limit 50
