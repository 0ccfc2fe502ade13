"""What a run would do before it does it: pending rows by stage and bucket, from the SQL that the stages use."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from storage.catalog import Catalog, statement
from tasks.plan import Plan, values


def pending_rows(catalog: Catalog, plan: Plan, stage: str, round_: int = 0) -> list[dict[str, Any]]:
    """What one stage lacks in the catalog's bucket, each row with its problem's columns (shared, not copied)."""
    gaps = {**values(plan), "round": round_}
    rows = catalog.rows(statement(f"pending_{stage}"), **gaps)
    if not rows:
        return []
    problems = {p["problem_id"]: p for p in catalog.rows(statement("problems_of_selection"), **gaps)}
    return [{**problems[row["problem_id"]], **row} for row in rows]


def pending_counts(catalog: Catalog, plan: Plan) -> dict[str, Counter[int]]:
    """Rows that each stage lacks now, by bucket.

    A stage whose input is pending itself shows only what can be known yet: rounds unfold as they are judged.
    """
    counts: dict[str, Counter[int]] = {}
    for stage, rounds, lacking in _stages(plan):
        rows: Counter[int] = Counter()
        for round_ in rounds:
            sql = f"select bucket, sum({lacking})::bigint as n from ({statement('pending_' + stage)}) group by all"  # noqa: S608
            for row in catalog.rows(sql, **values(plan), round=round_):
                rows[row["bucket"]] += row["n"]
        counts[stage] = rows
    return counts


def _stages(plan: Plan) -> Iterator[tuple[str, range, str]]:
    """Stage, the rounds it works in, and SQL for how many rows each of its pending rows lacks."""
    once, rounds = range(1), range(1, plan.repair.rounds + 1)
    yield "generate", once, f"{plan.generate.samples} - len(present)"
    yield "execute", once, "1"
    if "debugging" in plan.products:
        if plan.repair.chain != "direct":
            yield "diagnose", rounds, f"{values(plan)['diagnoses']} - len(present)"
        repairs = 1 if plan.repair.chain == "one_reply" else plan.repair.repairs
        yield "repair", rounds, f"{repairs} - len(present)"
    if "preference" in plan.products:
        yield "write_tests", once, f"{plan.tests.samples} - len(present)"
        yield "matrix", once, "1"
        yield "score", once, "1"
        yield "time", once, "1"
    if plan.strength.mutants:
        yield "strength", once, "wanted - len(present)"
