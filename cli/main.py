"""The command `patchmill`: one file per subcommand, one line per error."""

import gc
import os
import sys

import typer

from cli import audit, compact, doctor, export, judge, record, run, show, sql, status
from storage.errors import ConfigError, PatchmillError

app = typer.Typer(
    name="patchmill",
    help="A data factory for code models: verified repairs with explanations, made from problems, a model and a judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _module in (run, status, show, sql, export, judge, audit, record, compact, doctor):
    app.command(name=_module.__name__.removeprefix("cli."))(_module.command)


def main() -> None:
    """Run a subcommand. Exit 0: done; 1: something of ours failed; 2: what was asked is wrong."""
    try:
        app()
    except PatchmillError as error:
        message, code = str(error), 2 if isinstance(error, ConfigError) else 1
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    gc.collect()  # drops the frames of the error: DuckDB complains of connections that are alive at exit
    print(f"patchmill: {message.rstrip()}".replace("\n", "\n  "), file=sys.stderr)
    sys.exit(code)
