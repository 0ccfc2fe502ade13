"""`patchmill report`: write the figures of a lake to one file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsOfOption, LakeOption, open_lake, stderr
from dashboards.report import render_report
from dashboards.snapshot import LakeSnapshot
from storage.errors import ConfigError
from storage.files import atomic_write
from storage.history import resolve_as_of


def command(
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; ends in .html.")],
    lake: LakeOption = None,
    when: AsOfOption = None,
    title: Annotated[str, typer.Option(help="Headline of the page.")] = "Patchmill",
) -> None:
    """Write figures and examples of a lake to one HTML file without scripts."""
    if out.suffix != ".html":
        raise ConfigError(f"--out {out}: expected a name that ends in .html")
    opened = open_lake(lake)
    snapshot = LakeSnapshot(opened, resolve_as_of(opened, when) if when else None)
    try:
        page = render_report(snapshot, title)
    finally:
        snapshot.close()
    with atomic_write(out) as part:
        part.write_text(page, encoding="utf-8")
    stderr.print(f"{out}: {len(page.encode()):,} bytes", markup=False)
