"""`patchmill automations`: what Prefect's server does by itself, from files."""

from pathlib import Path
from typing import Annotated

import typer

from cli.deploy import NotifyOption
from cli.options import JsonOption, print_json, print_table, stderr

app = typer.Typer(
    help="What Prefect's server does when a run fails, is late, or its rates are high.", no_args_is_help=True
)


@app.callback()
def group() -> None:
    """Keeps `apply` a word of its own while it is the only one."""


@app.command(name="apply")
def apply_command(
    folder: Annotated[Path, typer.Option(help="Folder of *.yaml.")] = Path("configs/automations"),
    notify: NotifyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the server to what the files say, by name; automations with other names stay as they are."""
    stderr.print("[dim]checking ...[/dim]")
    from cli.operation import connect, server_url
    from flows.automations import apply, read_automations

    files = read_automations(folder)
    with connect(server_url()) as client:
        changes = apply(client, files, notify, dry_run)
    rows = [{"automation": name, "would be" if dry_run else "was": change} for name, change in changes.items()]
    print_json(rows) if as_json else print_table(rows)
