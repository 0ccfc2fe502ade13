"""`patchmill status`: how far a lake is, and what a run would still do."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import JsonOption, LakeOption, existing_lake, print_json, print_rows
from cli.run import load_config
from storage.catalog import Catalog, statement
from storage.lake import Lake


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
        with Catalog(existing_lake(lake)) as catalog:
            told["funnel"] = catalog.rows("select * from funnel")
            told["drops"] = catalog.rows("select stage, reason, count(*) as n from drops group by all order by all")
    if as_json:
        print_json(told)
        return
    for title, rows in told.items():
        print_rows(rows, title=title)


def _of_plan(config: Path, lake: Path | None) -> dict[str, Any]:
    loaded = load_config(config, lake)
    from storage.ids import content_id
    from storage.problems import Problem
    from tasks.ingest.sources import read
    from tasks.pending import pending
    from tasks.plan import values

    ids = sorted({p.problem_id for s in loaded.sources for p in read(s) if isinstance(p, Problem)})
    plan = loaded.plan(content_id("selection", problems=ids))
    opened = Lake(loaded.lake)
    with Catalog(opened) as catalog:
        known = catalog.rows("select count(*) as n from selections where selection_id = $s", s=plan.selection_id)
        counts = {stage: rows.total() for stage, rows in pending(catalog, plan).items()}
        if not known[0]["n"]:  # nothing ingested yet: all of it is to be done
            counts = {"ingest": len(ids), "generate": len(ids) * plan.generate.samples}
        funnel = catalog.rows(statement("funnel_of_plan"), **values(plan))
    return {"funnel": funnel, "pending": [{"stage": stage, "rows": rows} for stage, rows in counts.items()]}
