"""`patchmill status`: how far a lake is, and what a run would still do."""

from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from cli.options import JsonOption, LakeOption, open_lake, print_json, print_table
from cli.run import load_config
from storage.catalog import Catalog, statement
from storage.lake import Lake
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem


def command(
    config: Annotated[Path | None, typer.Argument(help="Also count what a run of this config would do.")] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the funnel per source, model and round; with a config also its own funnel and its pending rows."""
    told: dict[str, Any] = {}
    if config is not None:
        told |= _of_plan(config, lake)
    else:
        with Catalog(open_lake(lake)) as catalog:
            told["funnel"] = catalog.rows("select * from funnel")
            told["drops"] = catalog.rows("select stage, reason, count(*) as n from drops group by all order by all")
    if as_json:
        print_json(told)
        return
    for title, rows in told.items():
        print_table(rows, title=title)


def _of_plan(config: Path, lake: str | None) -> dict[str, Any]:
    loaded = load_config(config, lake)
    from tasks.ingest.rows import problem_row, selection_id
    from tasks.plan import values
    from tasks.running.effects import close_all
    from tasks.running.pending import pending_counts

    opened = Lake(loaded.lake)
    rows = [problem_row(p, opened.buckets) for s in loaded.data for p in read_source(s) if isinstance(p, Problem)]
    with Catalog(opened) as catalog:  # of code, what earlier runs have made of it
        made = "select problem_id, bucket from problems where list_contains($names, source) and tests_kind = 'none'"
        rows += catalog.rows(made, names=[source.name for source in loaded.code])
    try:
        plan = loaded.plan(selection_id(row["problem_id"] for row in rows))
    finally:
        close_all()
    wanted = pa.table({"problem_id": [r["problem_id"] for r in rows], "bucket": [r["bucket"] for r in rows]})
    with Catalog(opened) as catalog:
        catalog.register("wanted", wanted)  # as if it were ingested, so that a first run is previewed too
        catalog.rows(
            f"create or replace view selections as "  # noqa: S608 our own hash
            f"select distinct '{plan.selection_id}' as selection_id, problem_id, bucket from wanted"
        )
        new = catalog.rows("select count(*) as n from selections anti join problems using (problem_id)")
        counts = {stage: count.total() for stage, count in pending_counts(catalog, plan).items()}
        funnel = catalog.rows(statement("funnel_of_plan"), **values(plan))
        if "preference" in plan.products:
            funnel[0] |= catalog.rows(statement("funnel_of_preference"), **values(plan))[0]
    stages = {"ingest": new[0]["n"], **counts}
    return {
        "funnel": [{"step": k, "count": n} for k, n in funnel[0].items()],
        "pending": [{"stage": stage, "rows": n} for stage, n in stages.items()],
    }
