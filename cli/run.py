"""`patchmill run`: refresh a lake and its datasets."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.flow_runs import flow_run
from cli.options import (
    JsonOption,
    LakeOption,
    parse_overrides,
    print_json,
    print_table,
    stderr,
    stdout,
    with_step_names,
)
from storage.errors import ConfigError
from storage.lake import Lake

if TYPE_CHECKING:
    from flows.config import RefreshConfig
    from flows.watching.report import Report

EXAMPLE_QUERIES = {
    "debugging": ("debugging_sft", (
        "select form, origin, count(*) as n from debugging_sft group by all",
        "select origin, repairs, tokens, repairs_per_1000_tokens from yield",
        "select source_id, wrong_verdict, verdict from lineage order by verdict desc limit 10",
    )),
    "preference": ("preference_correctness", (
        "select chosen_passes, rejected_passes, count(*) as n from preference_correctness group by all",
        "select scorer, round(avg(value), 3) as mean, count(*) as programs from scores group by scorer order by scorer",
        "select test, value, passed, programs from test_scores join tests using (test_id) order by value desc limit 10",
    )),
}  # fmt: skip

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Replace a value of the config: repair.repairs=4. Repeatable."),
]


def command(
    config: Annotated[Path, typer.Argument(help="A file like configs/refresh/demo.yaml.")],
    lake: LakeOption = None,
    only: Annotated[str | None, typer.Option(metavar="STAGES", help="Run only these stages: execute,repair.")] = None,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn problems into verified datasets. Does only what the lake lacks."""
    report, seconds = refresh_now(config, lake, only, sets)
    print_report(report, seconds, as_json)


def refresh_now(config: Path, lake: str | None, only: str | None, sets: list[str] | None) -> tuple["Report", float]:
    """Run a config with progress on stderr. Return its report and the seconds it took."""
    settings = load_config(config, lake, sets)
    from tasks.models.probe import check_reachable

    if only is None and not Lake(settings.lake).exists():  # else the flow looks whether a model has anything to do
        from flows.plan import check_templates

        settings.check_before_run()  # what is wrong in the config itself comes first
        check_templates(settings)
        check_reachable(model for model, _ in settings.askers)
    from flows.refresh import STAGES, refresh
    from flows.watching.report import UnansweredError

    names = [name.strip() for name in only.split(",")] if only else STAGES
    stages = tuple(stage for stage in STAGES if stage in names)
    if unknown := set(names) - set(STAGES):
        raise ConfigError(f"--only: unknown stage {min(unknown)!r}; expected some of {', '.join(STAGES)}")
    start = time.monotonic()
    with flow_run():
        try:
            report = refresh(settings, stages)
        except UnansweredError as error:  # print_report raises it once the report is printed
            report = error.report
    return report, time.monotonic() - start


def load_config(config: Path, lake: str | None, sets: list[str] | None = None) -> "RefreshConfig":
    """Read a RefreshConfig from YAML, with the values of --lake and --set laid over it."""
    stderr.print("[dim]starting ...[/dim]")
    from flows.config import RefreshConfig
    from storage.settings import load_settings

    overrides = parse_overrides(sets, "repair.repairs=4")
    if lake is not None:
        overrides["lake.path"] = str(lake)
    return load_settings(config, RefreshConfig, overrides)


def print_report(report: "Report", seconds: float, as_json: bool) -> None:
    """Print a run's funnel, what it lacks, its models' rates, and an example and queries for each product.

    Raises:
        UnansweredError: the run counts as failed, since its models left too much unanswered.
    """
    from flows.watching.report import UnansweredError

    if as_json:
        print_json({**asdict(report), "wall_s": round(seconds, 1)})
    else:
        _print_words(report, seconds)
    if report.fault:
        raise UnansweredError(report.fault, report)


def _print_words(report: "Report", seconds: float) -> None:
    from cli.show import print_example
    from flows.watching.report import describe_unanswered
    from tasks.ingest.rows import describe_drops

    print_table(with_step_names(report.table()), title=f"Funnel of {report.lake}")
    for line in report.unanswered:
        words = f"without an answer, asked again by the next run: {describe_unanswered(line)}"
        stderr.print(words, soft_wrap=True, markup=False)
    for stats in report.models:
        busy_s, tokens = (cast(float, stats[name]) for name in ("busy_s", "completion_tokens"))
        if busy_s:
            rate, share = tokens / busy_s, busy_s / seconds
            stderr.print(
                f"model: {stats['samples']} answers, {tokens} tokens, {rate:.0f} tokens/s while busy, "
                f"busy {share:.0%} of {seconds:.0f} s"
            )
        else:
            stderr.print("model: no requests")
    lake = report.lake
    for product in report.products:
        dataset, queries = EXAMPLE_QUERIES[product]
        print_example(lake, dataset)
        stdout.print(
            f"\nThe dataset is {lake}/datasets/{dataset} (Delta: plain Parquet and a log). Queries to try:",
            soft_wrap=True, markup=False,
        )  # fmt: skip
        for query in queries:
            stdout.print(f'  {sys.argv[0]} sql --lake {lake} "{query}"', soft_wrap=True, markup=False)
    for words in describe_drops(report.drops):
        stderr.print(words, soft_wrap=True, markup=False)
