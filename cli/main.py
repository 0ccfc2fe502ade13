"""The command `patchmill`: one file per subcommand, one line per error."""

import os
import sys

import typer

from cli import compact, doctor, export, judge, record, run, show, sql, status
from storage.errors import ConfigError, PatchmillError

app = typer.Typer(
    name="patchmill",
    help="A data factory for code models: verified repairs with explanations, made from problems, a model and a judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _module in (run, status, show, sql, export, judge, record, compact, doctor):
    app.command(name=_module.__name__.removeprefix("cli."))(_module.command)


def main() -> None:
    """Run a subcommand. Exit 0: done; 1: something of ours failed; 2: what was asked is wrong."""
    try:
        app()
    except ConfigError as error:
        _fail(error, 2)
    except PatchmillError as error:
        _fail(error, 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough
        sys.exit(0)


def _fail(error: PatchmillError, code: int) -> None:
    print(f"patchmill: {error}".rstrip().replace("\n", "\n  "), file=sys.stderr)
    sys.exit(code)
