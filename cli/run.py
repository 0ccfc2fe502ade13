"""`patchmill run`: refresh a lake and its data set."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import reaper
from cli.options import JsonOption, LakeOption, print_json, print_table, stdout, stderr
from storage.errors import ConfigError

ASK = {
    "debugging": ("debugging_sft", (
        "select form, count(*) as n from debugging_sft group by form",
        "select verdict, count(*) as n from verdicts group by verdict order by n desc",
        "select source_id, wrong_verdict, verdict from lineage order by verdict desc limit 10",
    )),
    "preference": ("preference_correctness", (
        "select chosen_passes, rejected_passes, count(*) as n from preference_correctness group by all",
        "select scorer, round(avg(value), 3) as mean, count(*) as programs from scores group by scorer order by scorer",
        "select test, value, passed, programs from test_scores join tests using (test_id) order by value desc limit 10",
    )),
}  # fmt: skip

SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="Replace a value of the config: repair.repairs=4. May be repeated.")
]


def command(
    config: Annotated[Path, typer.Argument(help="A file like configs/refresh/demo.yaml.")],
    lake: LakeOption = None,
    only: Annotated[str | None, typer.Option(help="Run these stages alone: execute,repair.")] = None,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Problems in, a verified debugging data set out. What the lake already holds is not done again."""
    made, seconds = refresh_now(config, lake, only, sets)
    tell(made, seconds, as_json)


def refresh_now(config: Path, lake: str | None, only: str | None, sets: list[str] | None) -> tuple[Any, float]:
    """Load, check, run with progress on stderr; the report and the seconds it took."""
    loaded = load_config(config, lake, sets)
    reaper.guard()
    from cli.live import shown
    from flows.refresh import STAGES, refresh

    names = [name.strip() for name in only.split(",")] if only else STAGES
    stages = tuple(stage for stage in STAGES if stage in names)
    if unknown := set(names) - set(STAGES):
        raise ConfigError(f"--only: unknown stage {min(unknown)!r}; expected some of {', '.join(STAGES)}")
    started = time.monotonic()
    with shown():
        made = refresh(loaded, stages)
    return made, time.monotonic() - started


def load_config(config: Path, lake: str | None, sets: list[str] | None = None) -> Any:
    """A RefreshConfig from YAML, with --lake and --set laid over it."""
    stderr.print("[dim]starting ...[/dim]")
    import yaml

    from flows.config import RefreshConfig
    from storage.settings import load

    overrides: dict[str, Any] = {}
    for text in sets or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--set {text}: expected NAME=VALUE, such as repair.repairs=4")
        overrides[name] = yaml.safe_load(value)
    if lake is not None:
        overrides["lake.path"] = str(lake)
    return load(config, RefreshConfig, overrides)


def tell(made: Any, seconds: float, as_json: bool) -> None:
    """A report on stdout."""
    if as_json:
        print_json({**asdict(made), "wall_s": round(seconds, 1)})
        return
    from cli.show import print_example

    print_table(made.table(), title=f"Funnel of {made.lake}")
    for stats in made.models:
        if stats["busy_s"]:
            rate = stats["completion_tokens"] / stats["busy_s"]
            stderr.print(
                f"model: {stats['samples']} answers, {stats['completion_tokens']} tokens, {rate:.0f} tokens/s "
                f"while busy, busy {stats['busy_s'] / seconds:.0%} of {seconds:.0f} s"
            )
        else:
            stderr.print("model: not asked anything")
    lake = made.lake
    for product in made.products:
        data_set, queries = ASK[product]
        print_example(lake, data_set)
        stdout.print(
            f"\nThe data set is {lake}/datasets/{data_set} (Delta: plain Parquet and a log). To ask it:", soft_wrap=True
        )
        for query in queries:
            stdout.print(f'  {sys.argv[0]} sql --lake {lake} "{query}"', soft_wrap=True, markup=False)
