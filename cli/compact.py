"""`patchmill compact`: merge small files of the lake."""

from typing import Annotated

import typer

from cli.options import JsonOption, LakeOption, open_lake, print_json, print_table
from storage.errors import ConfigError

KEEP_HOURS = 168


def command(
    lake: LakeOption = None,
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Also delete files that only old versions need.")] = False,
    keep_hours: Annotated[
        int | None, typer.Option(min=0, help=f"Age from which --vacuum calls a version old; default: {KEEP_HOURS}.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Merge the small files that many commits left. Readers may go on; old versions stay readable until --vacuum."""
    if keep_hours is not None and not vacuum:
        raise ConfigError(f"--keep-hours {keep_hours}: deletes nothing by itself; add --vacuum", field="--keep-hours")
    opened = open_lake(lake)
    changes = opened.compact()
    deleted = opened.vacuum(KEEP_HOURS if keep_hours is None else keep_hours) if vacuum else {}
    rows = [{"table": name, **counts, "deleted": deleted.get(name, 0)} for name, counts in changes.items()]
    print_json(rows) if as_json else print_table(rows)
