"""`patchmill compact`: merge small files of the lake."""

from typing import Annotated

import typer

from cli.options import JsonOption, LakeOption, open_lake, print_json, print_table


def command(
    lake: LakeOption = None,
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Also delete files that only old versions need.")] = False,
    keep_hours: Annotated[int, typer.Option(min=0, help="Age from which --vacuum calls a version old.")] = 168,
    as_json: JsonOption = False,
) -> None:
    """Merge the small files that many commits left. Readers may go on; old versions stay readable until --vacuum."""
    opened = open_lake(lake)
    changes = opened.compact()
    deleted = opened.vacuum(keep_hours) if vacuum else {}
    rows = [{"table": name, **counts, "deleted": deleted.get(name, 0)} for name, counts in changes.items()]
    print_json(rows) if as_json else print_table(rows)
