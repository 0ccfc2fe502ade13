"""What a run would do before it does it: pending rows by stage and bucket, from the same SQL that the stages use."""

from collections import Counter

from storage.catalog import Catalog, statement
from tasks.plan import Plan, values

ROUNDLESS = ("generate", "execute")


def pending(catalog: Catalog, plan: Plan) -> dict[str, Counter[int]]:
    """Rows that each stage lacks now, by bucket.

    A stage whose input is pending itself shows only what can be known yet: rounds unfold as they are judged.
    """
    gaps = values(plan)
    wanted = {"generate": plan.generate.samples, "diagnose": gaps["diagnoses"], "repair": plan.repair.repairs}
    if plan.repair.chain == "one_reply":
        wanted["repair"] = 1
    stages = ["generate", "execute"]
    stages += [stage for stage in ("diagnose", "repair") if stage == "repair" or plan.repair.chain != "direct"]
    counts: dict[str, Counter[int]] = {}
    for stage in stages:
        rows: Counter[int] = Counter()
        lacking = f"{wanted[stage]} - len(present)" if stage in wanted else "1"
        for round_ in (0,) if stage in ROUNDLESS else range(1, plan.repair.rounds + 1):
            sql = (
                f"select bucket, sum({lacking})::bigint as lacking from ({statement('pending_' + stage)}) group by all"  # noqa: S608
            )
            for row in catalog.rows(sql, **gaps, round=round_):
                rows[row["bucket"]] += row["lacking"]
        counts[stage] = rows
    return counts
