"""`patchmill record`: run once against a real model and keep its answers."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, LakeOption, stderr
from cli.run import SetOption, load_config, refresh_now, tell
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.files import written
from storage.lake import Lake
from tasks.models.recorded import read
from tasks.running.effects import recording


def command(
    config: Annotated[Path, typer.Argument(help="A config whose model is a server.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Parquet file for the answers; an existing one is added to.")
    ],
    lake: LakeOption = None,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refresh a lake as `run` does and write every answer to a file that `model: {kind: recorded}` replays."""
    _check(config, out, lake, sets)
    with recording(out):
        made, seconds = refresh_now(config, lake, None, sets)
    stderr.print(f"answers -> {out}", markup=False)
    tell(made, seconds, as_json)


def _check(config: Path, out: Path, lake: str | None, sets: list[str] | None) -> None:
    """What would be found out only after hours: a file that can't be written, a lake that has the answers already."""
    opened = Lake(load_config(config, lake, sets).lake)
    if opened.exists():
        with Catalog(opened) as catalog:
            if catalog.rows("select 1 from attempts where kind <> 'reference' limit 1") and not out.exists():
                raise ConfigError(
                    f"--lake {opened.root}: holds attempts already, which are not asked for again; name a new lake, "
                    "or the recording that was begun with this one"
                )
    if out.exists():
        read(out)
    else:
        with written(out):
            pass
        out.unlink()
