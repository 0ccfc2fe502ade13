"""`patchmill record`: run once against a real model and keep its answers."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, LakeOption, words
from cli.run import SetOption, refresh_now, tell


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
    words.print("recording: name a lake that does not exist yet, since what a lake holds is not asked again")
    from tasks.effects import recording

    with recording(out):
        made, seconds = refresh_now(config, lake, None, sets)
    words.print(f"answers -> {out}", markup=False)
    tell(made, seconds, as_json)
