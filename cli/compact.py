"""`patchmill compact`: fewer, larger files."""

from typing import Annotated

import typer

from cli.options import JsonOption, LakeOption, open_lake, print_json, print_table


def command(
    lake: LakeOption = None,
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Also delete files that no recent version needs.")] = False,
    keep_hours: Annotated[int, typer.Option(min=0, help="What --vacuum calls recent.")] = 168,
    as_json: JsonOption = False,
) -> None:
    """Merge the small files of many commits. Readers are not disturbed; versions stay readable until --vacuum."""
    opened = open_lake(lake)
    done = opened.compact()
    deleted = opened.vacuum(keep_hours) if vacuum else {}
    rows = [{"table": name, **counts, "deleted": deleted.get(name, 0)} for name, counts in done.items()]
    print_json(rows) if as_json else print_table(rows)
