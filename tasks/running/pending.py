"""The work that a plan's run has not done yet, from the table macros `pending_*`."""

import re
from collections import Counter
from typing import TypeVar

from storage import pending
from storage.catalog import Catalog
from storage.rows import PlanRow

PENDING: tuple[type, ...] = tuple(kind for name, kind in vars(pending).items() if name.startswith("Pending"))
"""One row type per stage that works bucket by bucket."""
R = TypeVar("R")


def stage_names() -> tuple[str, ...]:
    """Return the names of the stages that work bucket by bucket."""
    return tuple(macro_of(row_type).removeprefix("pending_") for row_type in PENDING)


def macro_of(row_type: type) -> str:
    """Return the macro whose rows have this type: `PendingWriteTests` comes from `pending_write_tests`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", row_type.__name__).lower()


def pending_rows(catalog: Catalog, plan_id: str, row_type: type[R], round_: int | None = None) -> list[R]:
    """Return the pending rows of one stage, each with the columns of its problem.

    Args:
        catalog: of one bucket, or of the whole lake.
        plan_id: the run's row in `plans`.
        row_type: one of PENDING; names the macro.
        round_: return rows of this round of repair alone.
    """
    only = "" if round_ is None else " where round = $round"
    sql = f"from {macro_of(row_type)}($plan){only}"
    rows = catalog.rows(sql, plan=plan_id, round=round_)
    if not rows:
        return []
    problems = {row["problem_id"]: row for row in catalog.rows("from problems_of($plan)", plan=plan_id)}
    return [{**problems[row["problem_id"]], **row} for row in rows]  # type: ignore[misc] # a test holds both equal


def pending_counts(catalog: Catalog, plan_id: str) -> dict[str, Counter[int]]:
    """Count the rows that each stage lacks now, by bucket.

    A stage whose input is pending itself shows only what is known yet: rounds unfold as programs are judged.
    """
    counts: dict[str, Counter[int]] = {}
    for row_type in PENDING:
        macro = macro_of(row_type)
        sql = f"select bucket, sum(missing)::bigint as missing from {macro}($plan) group by bucket"  # noqa: S608
        rows = catalog.rows(sql, plan=plan_id)
        counts[macro.removeprefix("pending_")] = Counter({row["bucket"]: row["missing"] for row in rows})
    return counts


def stages_of(plan: PlanRow) -> list[str]:
    """Return the stages that a plan's products need, in the order of PENDING."""
    unneeded = set[str]()
    if "debugging" not in plan["products"]:
        unneeded |= {"diagnose", "repair", "inject"}
    if plan["diagnose_recipe"] is None:
        unneeded.add("diagnose")
    if "preference" not in plan["products"]:
        unneeded |= {"write_tests", "matrix", "score", "timing"}
    if not plan["bugs"]:
        unneeded.add("inject")
    if not plan["mutants"]:
        unneeded.add("mutation")
    return [stage for stage in stage_names() if stage not in unneeded]
