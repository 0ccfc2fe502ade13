"""`patchmill report`: what a lake holds, as one file to send around."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsOfOption, LakeOption, open_lake, stderr
from dashboards.answers import Answers
from dashboards.report import report
from storage.errors import ConfigError
from storage.files import written
from storage.history import as_of


def command(
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, .html.")],
    lake: LakeOption = None,
    when: AsOfOption = None,
    title: Annotated[str, typer.Option(help="Headline of the page.")] = "Patchmill",
) -> None:
    """Write the figures of a lake, and examples, to one HTML file without scripts."""
    if out.suffix != ".html":
        raise ConfigError(f"--out {out}: expected a name that ends in .html")
    opened = open_lake(lake)
    answers = Answers(opened, as_of(opened, when) if when else None)
    try:
        page = report(answers, title)
    finally:
        answers.close()
    with written(out) as part:
        part.write_text(page, encoding="utf-8")
    stderr.print(f"{out}: {len(page.encode()):,} bytes", markup=False)
