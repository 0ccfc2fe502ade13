"""All commands by name, in the groups that `patchmill --help` shows: one file per command."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from cli import (
    audit,
    automations,
    compact,
    dashboard,
    deploy,
    doctor,
    down,
    evaluate,
    export,
    ingest,
    judge,
    plans,
    publish,
    record,
    report,
    run,
    sandbox,
    show,
    sql,
    status,
    up,
)  # fmt: skip

COMMANDS: dict[str, dict[str, Callable[..., None] | typer.Typer]] = {
    "Make data": {
        "run": run.command,
        "ingest": ingest.command,
        "record": record.command,
        "evaluate": evaluate.command,
    },
    "Ask the lake": {
        "status": status.command,
        "plans": plans.command,
        "show": show.command,
        "sql": sql.command,
        "dashboard": dashboard.command,
        "report": report.command,
    },
    "The judge": {"judge": judge.command, "audit": audit.command, "sandbox": sandbox.app},
    "Publish": {"export": export.command, "publish": publish.command},
    "Operate": {
        "up": up.command,
        "down": down.command,
        "deploy": deploy.command,
        "automations": automations.app,
        "compact": compact.command,
        "doctor": doctor.command,
    },
}
"""Commands by name, in the groups that `patchmill --help` shows."""

app = typer.Typer(
    name="patchmill",
    help="A data factory for code models: verified repairs with explanations, made from problems, a model and a judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _group, _commands in COMMANDS.items():
    for _name, _command in _commands.items():
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, name=_name, rich_help_panel=_group)
        else:
            _class = sql.SqlCommand if _command is sql.command else None
            app.command(name=_name, rich_help_panel=_group, cls=_class)(_command)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        print(f"patchmill {version('patchmill')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of `patchmill` itself."""
