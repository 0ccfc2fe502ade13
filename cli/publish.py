"""`patchmill publish`: a data set as a version of a folder, or of a repository on a hub."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

import typer

from cli import reaper
from cli.options import AsOfOption, JsonOption, LakeOption, open_lake, print_json, print_table, stderr
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError
from storage.settings import load_settings

CONFIGS = Path(__file__).parents[1] / "configs/publish"


def command(
    data_set: Annotated[str, typer.Argument(help="debugging_sft, or preference_correctness, _efficiency, _kto.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the published data sets.")],
    lake: LakeOption = None,
    push: Annotated[str | None, typer.Option(help="Also make this repository of a hub hold the last version.")] = None,
    config: Annotated[Path | None, typer.Option(help="Gates and cleaning; default: configs/publish/NAME.yaml.")] = None,
    when: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Clean a data set, ask its gates, and add a version to OUT/NAME; exit 1 where a gate blocks it."""
    names = [table.name for table in DATASETS]
    if data_set not in names:
        raise ConfigError(f"{data_set}: no such data set; there are {', '.join(names)}")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: expected a folder, there is a file")
    opened = open_lake(lake)
    stderr.print("[dim]starting ...[/dim]")
    from tasks.publish.settings import DataSet, PublishSettings

    how = load_settings(config or CONFIGS / f"{data_set}.yaml", PublishSettings)
    reaper.guard_server()
    from flows.publish import publish

    done = publish(cast(DataSet, data_set), opened.settings, out, how, push, when)
    made = done.published
    if as_json:
        print_json({**asdict(made), "commit": done.commit})
        return
    print_table([outcome.row() for outcome in made.gates], title="gates")
    print_table([dict(row) for row in made.changes] or [dict(made.rows)], title="changes" if made.changes else "rows")
    new = "new" if made.made else "nothing changed since"
    stderr.print(f"{made.path}{os.sep}v{made.version}: {new}, {sum(made.rows.values())} rows", markup=False)
    if done.commit:
        stderr.print(f"pushed: {done.commit}", markup=False)
