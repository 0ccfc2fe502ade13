"""Stage ingest: read the sources, add what the lake lacks, and settle which solution of a problem is its reference."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.rows import ProblemRow
from storage.tables import ATTEMPTS, PROBLEMS
from tasks.ingest.references import Candidates, choose_reference
from tasks.ingest.rows import reference_row
from tasks.ingest.settings import Source
from tasks.ingest.write import Ingested, write_sources
from tasks.running.stage import stage


@stage("ingest", "ingest")
def ingest(settings: LakeSettings, sources: Sequence[Source], mined_ids: Sequence[str] = ()) -> Ingested:
    """Bring the lake up to date with the sources; arguments and errors as of `write_sources`."""
    return write_sources(settings, sources, mined_ids)


@stage("references", "references")
def propose_references(settings: LakeSettings, plan_id: str, candidates: Candidates) -> tuple[int, ...]:
    """Make the next candidate the reference of every problem whose earlier ones failed the plan's judge.

    Returns:
        the buckets in which a reference awaits its verdict, ascending; none once each has passed or all have failed.
    """
    lake, now = Lake(settings), datetime.now(UTC)
    with Catalog(lake) as catalog:
        verdicts: dict[str, dict[str, str | None]] = {problem_id: {} for problem_id in candidates}
        for row in catalog.rows(_VERDICTS, plan=plan_id, ids=list(candidates)):
            verdicts[row["problem_id"]][row["code"]] = row["verdict"]
        rows = catalog.rows(
            "select * from problems where list_contains($ids, problem_id) order by problem_id", ids=list(candidates)
        )
    problems = [cast(ProblemRow, row) for row in rows]
    chosen = {
        row["problem_id"]: choose_reference(candidates[row["problem_id"]], verdicts[row["problem_id"]])
        for row in problems
    }
    new = [row for row in problems if chosen[row["problem_id"]] not in verdicts[row["problem_id"]]]
    lake.append(ATTEMPTS, [reference_row(row, chosen[row["problem_id"]], now) for row in new])
    changed = [row for row in problems if row["reference"] != chosen[row["problem_id"]]]
    lake.upsert(PROBLEMS, [{**row, "reference": chosen[row["problem_id"]]} for row in changed])
    waiting = [row for row in problems if verdicts[row["problem_id"]].get(chosen[row["problem_id"]]) is None]
    return tuple(sorted({row["bucket"] for row in waiting}))


_VERDICTS = """\
select a.problem_id, a.code, e.verdict
from attempts as a
join plans as p on p.plan_id = $plan
left join executions as e
    on e.attempt_id = a.attempt_id and e.suite_id = p.suite_id and e.judge_version = p.judge_version
where a.kind = 'reference' and list_contains($ids, a.problem_id)"""
"""References with their verdicts on the problem's own tests by the judge of one plan."""
