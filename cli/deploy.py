"""`patchmill deploy`: pools, deployments and automations onto a Prefect server that is there."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, print_json, print_table, stderr

CONFIG = Path("configs/up/one_machine.yaml")
ConfigArgument = Annotated[Path, typer.Argument(help="Pools, ports and files; see configs/up.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="Replace a value of the config: pools.model.limit=2. May be repeated.")
]
NotifyOption = Annotated[
    str | None, typer.Option(help="A block of Prefect that automations send to: TYPE/NAME, such as slack-webhook/ops.")
]


def command(
    config: ConfigArgument = CONFIG,
    sets: SetOption = None,
    notify: NotifyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the files.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check prefect.yaml and configs/automations, and bring Prefect's server to what they say."""
    stderr.print("[dim]checking ...[/dim]")
    from cli import operation

    settings = operation.read(config, sets, notify=notify)
    checked = operation.check(settings)
    if dry_run:
        stderr.print(f"{settings.deployments}, {settings.automations}: nothing wrong", markup=False)
        return
    rows = operation.apply_all(operation.server_url(), settings, checked)
    print_json(rows) if as_json else print_table(rows)
