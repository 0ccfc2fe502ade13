-- What a run changed against an earlier one (executions.run_id; view infra_rate lists them), one row per program:
-- `verdict` where both judged it and differ, and what the later run was the first to judge: `new_problem` where nothing
-- was judged for its problem before, `new_attempt` where something was. Each run counts with its newest judge.
create macro changes(run_a, run_b) as table
with given as (
    select attempt_id, problem_id, run_id, judge_version, verdict, flags, feedback, created_at
    from executions
    where suite = 'given'
),
newest as (
    select * from given
    qualify row_number() over (partition by attempt_id, run_id order by judge_version desc, created_at desc) = 1
),
earlier as (
    select attempt_id, problem_id from given
    where run_id <> run_b and created_at < (select min(created_at) from given where run_id = run_b)
)
select p.source, p.source_id, b.attempt_id, t.kind, t.round, t.model,
       case
           when a.attempt_id is not null then 'verdict'
           when b.problem_id in (select problem_id from earlier) then 'new_attempt'
           else 'new_problem'
       end as change,
       a.verdict as verdict_a, b.verdict as verdict_b, a.flags as flags_a, b.flags as flags_b,
       a.judge_version as judge_a, b.judge_version as judge_b, b.feedback
from newest as b
left join newest as a on a.attempt_id = b.attempt_id and a.run_id = run_a
join attempts as t on t.attempt_id = b.attempt_id
join problems as p on p.problem_id = b.problem_id
where b.run_id = run_b
  and case
          when a.attempt_id is null then b.attempt_id not in (select attempt_id from earlier)
          else a.verdict <> b.verdict or a.flags <> b.flags
      end
order by change, p.source, p.source_id, b.attempt_id;
