-- Wrong programs of one plan that deserve a repair, in all rounds before the last: wrong by their own fault, trustworthy
-- verdicts, equal programs once, and nothing whose first attempt a repair of the same or an earlier round has fixed.
create macro repairable_of(of_plan) as table
with judged as (
    select * from verdicts_of(of_plan)
),
wrong as (
    select *, row_number() over (partition by problem_id, code order by round, sample_index, attempt_id) as copy
    from judged
    where code is not null and is_wrong(verdict)
),
fixed as (
    select root_id, min(round) as round from judged where verdict = 'passed' group by root_id
)
select w.attempt_id, w.problem_id, w.root_id, w.round, w.code, w.verdict, w.feedback
from wrong as w
join plans as p on p.plan_id = of_plan and w.round < p.rounds
left join fixed as f using (root_id)
where w.copy = 1 and is_trustworthy(w.flags) and (f.round is null or f.round > w.round);
-- The same for one round: 0 for first attempts.
create macro repairable(of_plan, of_round) as table
select * exclude (round) from repairable_of(of_plan) where round = of_round;
