"""`patchmill doctor`: what works on this machine, and the command that mends what doesn't."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, print_json, print_table
from cli.run import load_config
from judge.factory import probe as sandbox_probe
from tasks.models import probe as model_probe

DEFAULT = Path(__file__).parent.parent / "configs/refresh/demo.yaml"


def command(
    config: Annotated[Path, typer.Argument(help="Whose model is looked at.")] = DEFAULT, as_json: JsonOption = False
) -> None:
    """Check sandbox, model server, weights and GPU. Exit 1 where anything is missing."""
    loaded = load_config(config, None)
    models = [loaded.model] if loaded.teacher is None else [loaded.model, loaded.teacher]
    found = [("sandbox", c.name, c.ok, c.detail, c.fix) for c in sandbox_probe()]
    found += [("model", c.check, c.ok, c.detail, c.fix) for model in models for c in model_probe.probe(model)]
    rows = [
        {"part": part, "check": name, "ok": "yes" if ok else "no", "detail": detail, "fix": "" if ok else fix}
        for part, name, ok, detail, fix in found
    ]
    print_json(rows) if as_json else print_table(rows)
    if not all(ok for _, _, ok, _, _ in found):
        raise typer.Exit(1)
