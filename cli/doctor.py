"""`patchmill doctor`: check what works on this machine, and print the command that fixes what does not."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, print_json, print_table
from cli.run import load_config
from judge.backends.base import SandboxCheck
from judge.factory import probe as probe_sandboxes
from tasks.models.probe import ModelCheck, check_model

ROOT = Path(__file__).parents[1]
DEFAULT_CONFIG = Path("configs/refresh/demo.yaml")


def command(
    config: Annotated[
        Path, typer.Argument(help=f"Config whose model is checked; default: {DEFAULT_CONFIG}.", show_default=False)
    ] = ROOT / DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Check sandbox, model server, weights and GPU. Exit 1 where anything is missing."""
    settings = load_config(config, None)
    models = [settings.model] if settings.teacher is None else [settings.model, settings.teacher]
    checks: list[tuple[str, SandboxCheck | ModelCheck]] = [("sandbox", check) for check in probe_sandboxes()]
    checks += [("model", check) for model in models for check in check_model(model)]
    rows = [
        {
            "part": part,
            "check": check.name,
            "ok": "yes" if check.ok else "no",
            "detail": check.detail,
            "fix": "" if check.ok else check.fix,
        }
        for part, check in checks
    ]
    print_json(rows) if as_json else print_table(rows)
    if not all(check.ok for _, check in checks):
        raise typer.Exit(1)
