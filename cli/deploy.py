"""`patchmill deploy`: create pools, deployments and automations on a running Prefect server."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, print_json, print_table, stderr

CONFIG = Path("configs/up/one_machine.yaml")
ConfigArgument = Annotated[Path, typer.Argument(help="Pools, ports and files: see configs/up.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Replace a value of the config: pools.model.limit=2. Repeatable."),
]
NotifyOption = Annotated[
    str | None,
    typer.Option(
        metavar="TYPE/NAME", help="Prefect block that automations send messages to, such as slack-webhook/ops."
    ),
]


def command(
    config: ConfigArgument = CONFIG,
    sets: SetOption = None,
    notify: NotifyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the files and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check prefect.yaml and configs/automations, and apply them to Prefect's server."""
    stderr.print("[dim]checking ...[/dim]")
    from cli import operation

    settings = operation.read_settings(config, sets, notify=notify)
    files = operation.read_files(settings)
    if dry_run:
        stderr.print(f"{settings.deployments}, {settings.automations}: valid", markup=False)
        return
    rows = operation.apply_files(operation.server_url(), settings, files)
    print_json(rows) if as_json else print_table(rows)
