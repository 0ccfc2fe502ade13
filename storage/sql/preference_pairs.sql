-- Each pair of `picked_pairs` with the columns that its example needs.
select k.*, $scorer as scorer, c.matrix_id,
       c.code as chosen_code, c.score as chosen_score, c.verdicts as chosen_verdicts, c.passes as chosen_passes,
       r.code as rejected_code, r.score as rejected_score, r.verdicts as rejected_verdicts, r.passes as rejected_passes,
       c.model, least(c.judge_version, r.judge_version) as judge_version,
       p.prompt, p.entry_point, p.tests, p.source, p.source_id, p.licence
from picked_pairs as k
join programs as c on c.attempt_id = k.chosen
join programs as r on r.attempt_id = k.rejected
join problems as p on p.problem_id = k.problem_id
order by k.chosen, k.rejected
