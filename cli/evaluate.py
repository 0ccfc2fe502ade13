"""`patchmill evaluate`: measure pass@k of a model before and after refinement."""

from pathlib import Path
from typing import Annotated

import typer

from cli.flow_runs import flow_run
from cli.options import JsonOption, LakeOption, print_json, print_table
from cli.run import SetOption, load_config
from storage.errors import ConfigError


def command(
    config: Annotated[Path, typer.Argument(help="A file like configs/refresh/demo.yaml.")],
    lake: LakeOption = None,
    ways: Annotated[
        str, typer.Option(help="Ways to refine wrong programs: direct, or explain (by an explanation).")
    ] = "direct,explain",
    rounds: Annotated[int, typer.Option(min=1, max=10, help="Rounds of refinement.")] = 3,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure pass@1 and pass@10 before and after refinement (LeDex's grid). Reuses every answer in the lake."""
    settings = load_config(config, lake, sets)
    from flows.evaluate import WAYS, evaluate

    names = [name.strip() for name in ways.split(",")]
    if unknown := set(names) - set(WAYS):
        raise ConfigError(f"--ways: unknown way {min(unknown)!r}; expected some of {', '.join(WAYS)}")
    with flow_run():
        rows = evaluate(settings, tuple(way for way in WAYS if way in names), rounds)
    print_json(rows) if as_json else print_table(rows)
