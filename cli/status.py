"""`patchmill status`: show how far a lake is, what a run would still do, and how plans compare."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from cli.options import JsonOption, LakeOption, open_lake, print_json, print_table, with_step_names
from cli.run import load_config
from storage.catalog import Catalog
from storage.columns import without_descriptions
from storage.errors import ConfigError
from storage.lake import Lake
from storage.plan_tables import PLANS, SELECTIONS
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem, problem_row


def command(
    config: Annotated[
        Path | None, typer.Argument(help="Show this config's funnel, and what a run of it would do.")
    ] = None,
    lake: LakeOption = None,
    plan: Annotated[
        list[str] | None,
        typer.Option(help="Show the funnel of this plan (`patchmill plans`); give it twice to compare two."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the funnel per source, model and round; with a config or plans, their own."""
    tables: dict[str, Any] = {}
    if config is not None and plan:
        raise ConfigError("status: expected a config or --plan, got both")
    if config is not None:
        tables |= _of_config(config, lake)
    else:
        with Catalog(open_lake(lake)) as catalog:
            if plan:
                tables["funnel"] = compare_plans(catalog, plan)
            else:
                tables["funnel"] = catalog.rows("select * from funnel")
                drops = "select stage, reason, count(*) as n from drops group by all order by all"
                tables["drops"] = catalog.rows(drops)
                tables |= _unanswered(catalog, "unanswered")
    if as_json:
        print_json(tables)
        return
    for title, rows in tables.items():
        print_table(with_step_names(rows), title=title)


def compare_plans(catalog: Catalog, plan_ids: Sequence[str]) -> list[dict[str, object]]:
    """Return a row per step of the funnel, with a column per plan.

    Raises:
        ConfigError: the lake holds no plan of an id.
    """
    from flows.watching.report import funnel_of
    from tasks.running.plans import plan_row

    plans = [plan_row(catalog, plan_id) for plan_id in plan_ids]
    funnels = [funnel_of(catalog, row["plan_id"], row["products"]) for row in plans]
    steps = dict.fromkeys(step for funnel in funnels for step in funnel)
    columns = list(zip((row["plan_id"] for row in plans), funnels, strict=True))
    return [{"step": step, **{plan_id: funnel.get(step) for plan_id, funnel in columns}} for step in steps]


def _of_config(config: Path, lake: str | None) -> dict[str, Any]:
    loaded = load_config(config, lake)
    from flows.plan import make_plan
    from flows.watching.report import funnel_of
    from tasks.ingest.rows import selection_id
    from tasks.running.effects import close_all
    from tasks.running.pending import pending_counts, stages_of

    opened = Lake(loaded.lake)
    rows = [problem_row(p, opened.buckets) for s in loaded.data for p in read_source(s) if isinstance(p, Problem)]
    problems: list[tuple[str, int]] = [(row["problem_id"], row["bucket"]) for row in rows]
    with Catalog(opened) as catalog:  # of code, the problems that earlier runs have made of it
        mined = "select problem_id, bucket from problems where list_contains($names, source) and tests_kind = 'none'"
        names = [source.name for source in loaded.code]
        problems += [(row["problem_id"], row["bucket"]) for row in catalog.rows(mined, names=names)]
    try:
        selection = selection_id(problem_id for problem_id, _ in problems)
        plan = make_plan(loaded, selection, datetime.now(UTC))
    finally:
        close_all()
    # As if selection and plan were written, so that a first run is previewed, too.
    selections = [
        {"selection_id": selection, "problem_id": problem_id, "bucket": bucket}
        for problem_id, bucket in dict(problems).items()
    ]
    with Catalog(opened) as catalog:
        for table, table_rows in ((SELECTIONS, selections), (PLANS, [plan])):
            catalog.register(
                f"new_{table.name}", pa.Table.from_pylist(table_rows, schema=without_descriptions(table.schema))
            )
            catalog.rows(f"create or replace view {table.name} as from new_{table.name}")
        [new] = catalog.rows("select count(*) as n from selections anti join problems using (problem_id)")
        counts = {stage: count.total() for stage, count in pending_counts(catalog, plan["plan_id"]).items()}
        funnel = funnel_of(catalog, plan["plan_id"], loaded.products)
        unanswered = _unanswered(catalog, "unanswered_of($plan)", plan=plan["plan_id"])
    stages = {"ingest": new["n"], **{stage: n for stage, n in counts.items() if stage in stages_of(plan)}}
    return {
        "funnel": [{"step": step, "count": n} for step, n in funnel.items()],
        "pending": [{"stage": stage, "rows": n} for stage, n in stages.items()],
        **unanswered,
    }


def _unanswered(catalog: Catalog, source: str, **values: object) -> dict[str, list[dict[str, object]]]:
    """Return the table of what servers left without an answer, which the next run asks for again; none if empty."""
    counts = "stage, status, count(*) as n, min(coalesce(source_id, subject_id)) as example, mode(words) as words"
    rows = catalog.rows(f"select {counts} from {source} group by stage, status order by all", **values)  # noqa: S608
    return {"unanswered": rows} if rows else {}
