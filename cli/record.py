"""`patchmill record`: run against a real model and record its answers."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, LakeOption, stderr
from cli.run import SetOption, load_config, print_report, refresh_now
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.files import atomic_write
from storage.lake import Lake
from tasks.models.recorded import read_recording
from tasks.running.effects import recording


def command(
    config: Annotated[Path, typer.Argument(help="A config whose model is a server.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Parquet file of answers; an existing one is extended.")],
    lake: LakeOption = None,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refresh a lake as `run` does, and write every answer to a file that `model: {kind: recorded}` replays."""
    _check_targets(config, out, lake, sets)
    with recording(out):
        report, seconds = refresh_now(config, lake, None, sets)
    stderr.print(f"answers -> {out}", markup=False)
    print_report(report, seconds, as_json)


def _check_targets(config: Path, out: Path, lake: str | None, sets: list[str] | None) -> None:
    """Check lake and file before the run, which would fail only after hours.

    Raises:
        ConfigError: the file cannot be written or read, or the lake holds attempts, whose answers are not recorded.
    """
    opened = Lake(load_config(config, lake, sets).lake)
    if opened.exists():
        with Catalog(opened) as catalog:
            if catalog.rows("select 1 from attempts where kind <> 'reference' limit 1") and not out.exists():
                raise ConfigError(
                    f"--lake {opened.root}: holds attempts, whose answers no run asks for again; name a new lake, "
                    "or the recording that was begun with this one"
                )
    if out.exists():
        read_recording(out)
    else:
        with atomic_write(out):
            pass
        out.unlink()
