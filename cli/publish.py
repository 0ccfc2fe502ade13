"""`patchmill publish`: publish a dataset as a version of a folder, and perhaps of a repository on a hub."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

import typer

from cli.flow_runs import flow_run
from cli.options import AsOfOption, JsonOption, LakeOption, open_lake, print_json, print_table, stderr
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError
from storage.settings import load_settings

CONFIGS = Path(__file__).parents[1] / "configs/publish"


def command(
    dataset: Annotated[str, typer.Argument(help="debugging_sft, or preference_correctness, _efficiency, _kto.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the published datasets.")],
    lake: LakeOption = None,
    push: Annotated[str | None, typer.Option(help="Also upload the last version to this repository of a hub.")] = None,
    config: Annotated[Path | None, typer.Option(help="Gates and cleaning; default: configs/publish/NAME.yaml.")] = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Clean a dataset, check its gates, and add a version to OUT/NAME; exit 1 where a gate blocks it."""
    names = [table.name for table in DATASETS]
    if dataset not in names:
        raise ConfigError(f"{dataset}: no such dataset; there are {', '.join(names)}", field="DATASET")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: expected a folder, there is a file", field="--out")
    opened = open_lake(lake)
    stderr.print("[dim]starting ...[/dim]")
    from tasks.publish.settings import DatasetName, PublishSettings

    settings = load_settings(config or CONFIGS / f"{dataset}.yaml", PublishSettings)
    from flows.publish import publish

    with flow_run():
        run = publish(cast(DatasetName, dataset), opened.settings, out, settings, push, as_of)
    result = run.result
    if as_json:
        print_json({**asdict(result), "commit": run.commit_url})
        return
    print_table([gate.as_table_row() for gate in result.gates], title="gates")
    if result.changes:
        print_table([dict(row) for row in result.changes], title="changes")
    else:
        print_table([result.rows], title="rows")
    state = "new" if result.is_new else "nothing changed since"
    stderr.print(f"{result.path}{os.sep}v{result.version}: {state}, {sum(result.rows.values())} rows", markup=False)
    if run.commit_url:
        stderr.print(f"pushed: {run.commit_url}", markup=False)
