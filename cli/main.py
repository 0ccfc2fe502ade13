"""The command `patchmill`: one file per subcommand, one line per error."""

import gc
import os
import sys
import traceback

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
    judge,
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
from judge.errors import JudgeError, SandboxSettingError
from storage.errors import ConfigError, PatchmillError

app = typer.Typer(
    name="patchmill",
    help="A data factory for code models: verified repairs with explanations, made from problems, a model and a judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _module in (
    run, evaluate, status, show, sql, export, publish, judge, audit, record, compact, dashboard, report, up, down,
    deploy, doctor,
):  # fmt: skip
    app.command(name=_module.__name__.removeprefix("cli."))(_module.command)
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(automations.app, name="automations")


def main() -> None:
    """Run a subcommand. Exit 0: done; 1: something of ours failed; 2: what was asked is wrong."""
    try:
        app()
    except (PatchmillError, JudgeError) as error:
        message, code = str(error), 2 if isinstance(error, ConfigError | SandboxSettingError) else 1
        _forget(error)
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    gc.collect()
    print(f"patchmill: {message.rstrip()}".replace("\n", "\n  "), file=sys.stderr)
    sys.exit(code)


def _forget(error: BaseException | None) -> None:
    """Drop what the frames of an error hold: DuckDB complains of connections that are alive at exit."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
