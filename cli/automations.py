"""`patchmill automations`: apply the automations of configs/automations to Prefect's server."""

from pathlib import Path
from typing import Annotated

import typer

from cli.deploy import NotifyOption
from cli.options import JsonOption, print_json, print_table, stderr

app = typer.Typer(
    help="Apply what Prefect's server does when a run fails, is late, or has high rates.", no_args_is_help=True
)


@app.callback()
def group() -> None:
    """Make `apply` a subcommand; typer would drop the name of an only command."""


@app.command(name="apply")
def apply_command(
    folder: Annotated[Path, typer.Option(help="Folder with a YAML file for each automation.")] = Path(
        "configs/automations"
    ),
    notify: NotifyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the changes without making them.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Create or update the automations that the files describe. Automations with other names stay as they are."""
    stderr.print("[dim]checking ...[/dim]")
    from cli.operation import server_url
    from flows.serving.automations import apply_automations, read_automations
    from flows.serving.server import connect

    files = read_automations(folder)
    with connect(server_url()) as client:
        changes = apply_automations(client, files, notify, dry_run)
    rows = [{"automation": name, "would be" if dry_run else "was": change} for name, change in changes.items()]
    print_json(rows) if as_json else print_table(rows)
