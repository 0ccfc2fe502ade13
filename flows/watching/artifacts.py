"""Artifacts of a run in Prefect's UI: progress while it runs; speed, drops and rates at its end.

The end also emits an event that automations can wait for. A run sends two requests every UPDATE_S seconds and six at
its end, so that watching costs it little.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import asdict, dataclass
from typing import Any, Literal

import httpx
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.events import emit_event
from prefect.runtime import flow_run

from flows.watching.alerts import AlertSettings
from flows.watching.report import Report, describe_unanswered
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.statements import load_statement
from tasks.models.stats import Stats
from tasks.running import progress
from tasks.running.effects import opened_models
from tasks.running.progress import Progress

UPDATE_S = 5.0
JUDGING = ("execute", "matrix", "mutation")
FINISHED = "patchmill.refresh.finished"
BAR_WIDTH = 20  # characters
Level = Literal["high", "ok", "unknown"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rates:
    """Counts of the programs that one run judged: all, and those with each of three outcomes."""

    judged: int
    infra: int
    tampered: int
    flaky: int

    def of(self, count: int) -> float | None:
        """Return a count as a share of the judged programs; None where there are none."""
        return round(count / self.judged, 4) if self.judged else None

    def level(self, count: int, limit: float, at_least: int) -> Level:
        """Return `high` where a count is above a limit; `unknown` where too few programs were judged to tell."""
        if self.judged < at_least:
            return "unknown"
        return "high" if count > limit * self.judged else "ok"


class RunProgress:
    """Progress of one run: finished tasks, and rows of each stage. A stage's clock starts when it is first rendered.

    Attributes:
        total: number of tasks of the run.
        began: start of the run, in seconds of a monotonic clock.
        done: number of finished tasks.
    """

    def __init__(self, total: int, began: float) -> None:
        self.total, self.began, self.done = total, began, 0
        self._stage_began: dict[str, float] = {}

    def percent(self) -> float:
        """Return the finished tasks in percent."""
        return round(100 * self.done / self.total, 1) if self.total else 100.0

    def render(self, stages: Mapping[str, Progress], stats: Sequence[Stats], now: float) -> str:
        """Render progress and speed as Markdown; `now` is of the same clock as `began`."""
        left = (now - self.began) / self.done * (self.total - self.done) if self.done else None
        elapsed = _format_seconds(now - self.began)
        lines = [
            f"{self.done} of {self.total} tasks after {elapsed}, about {_format_seconds(left)} left",
            "",
            "| stage | | rows done | rows known | rows/s | time left |",
            "|---|---|--:|--:|--:|--:|",
        ]
        for stage, state in stages.items():
            stage_s = now - self._stage_began.setdefault(stage, now)
            rate = state.done / stage_s if stage_s else 0.0
            seconds_left = (state.total - state.done) / rate if rate else None
            filled = round(BAR_WIDTH * state.done / state.total) if state.total else BAR_WIDTH
            bar = "█" * filled + "░" * (BAR_WIDTH - filled)
            lines.append(
                f"| {stage} | {bar} | {state.done} | {state.total} | {rate:.2f} | {_format_seconds(seconds_left)} |"
            )
        lines += ["", *(f"- {name}: {value}" for name, value in measure_speed(stats, stages, now - self.began).items())]
        if waiting_s := max((s.waiting_s for s in stats), default=0.0):
            lines.append(f"- waiting for the server's rate limit: {waiting_s:.0f} s")
        return "\n".join(lines)


def measure_speed(stats: Sequence[Stats], stages: Mapping[str, Progress], seconds: float) -> dict[str, float]:
    """Return the throughput of a run by name of the measure.

    Tokens per second come twice: per second of the run, and per second in which the model had requests.
    """
    tokens, busy = sum(s.completion_tokens for s in stats), sum(s.busy_s for s in stats)
    verdicts = sum(stages[stage].done for stage in JUDGING if stage in stages)
    seconds = max(seconds, 1e-9)
    return {
        "seconds": round(seconds, 1),
        "answers": sum(s.samples for s in stats),
        "tokens": tokens,
        "tokens/s": round(tokens / seconds, 1),
        "tokens/s while the model was busy": round(tokens / busy, 1) if busy else 0.0,
        "model busy share": round(busy / seconds, 3),
        "verdicts": verdicts,
        "verdicts/s": round(verdicts / seconds, 2),
    }


def render_summary(report: Report, rates: Rates, dashboard: str | None) -> str:
    """Render the rates of a run, and the places of its datasets and its dashboard, as Markdown."""
    counts = {"infrastructure errors": rates.infra, "tampered (hack rate)": rates.tampered, "flaky": rates.flaky}
    lines = [f"{rates.judged} programs judged in this run", "", "| | programs | rate |", "|---|--:|--:|"]
    lines += [f"| {name} | {count} | {_format_share(rates.of(count))} |" for name, count in counts.items()]
    lines += ["", "| dataset or form | examples |", "|---|--:|"]
    lines += [f"| {name} | {count} |" for name, count in report.examples.items()]
    lines += ["", f"- datasets: `{report.lake}/datasets/`, Parquet with a Delta log"]
    lines.append(f"- query them: `patchmill sql --lake {report.lake}`")
    lines += [f"- without an answer: {describe_unanswered(line)}" for line in report.unanswered]
    if dashboard:
        lines.append(f"- [dashboard]({dashboard})")
    return "\n".join(lines)


@contextmanager
def show_progress(total: int) -> Iterator[Callable[[], None]]:
    """Show the progress of this flow run over `total` tasks; yield a function that counts one finished task."""
    run, lock, ended = RunProgress(total, time.monotonic()), threading.Lock(), threading.Event()
    bar = create_progress_artifact(run.percent(), key="progress", description="finished tasks")
    if not total:
        yield lambda: None
        return
    live = create_markdown_artifact("starting", key="live", description="stages, speed and time left")
    client = get_client(sync_client=True)  # the run's settings of Prefect hold here, not in the thread

    def update() -> None:
        stats = [model.stats() for model in opened_models()]
        text = run.render(progress.snapshot(), stats, time.monotonic())
        try:
            client.update_artifact(bar, ArtifactUpdate(data=run.percent()))  # type: ignore[arg-type]
            client.update_artifact(live, ArtifactUpdate(data=text))  # type: ignore[arg-type]
        except httpx.HTTPError as error:  # the next update shows it; the run goes on
            log.warning("progress artifacts were not updated, the run goes on: %s", error)

    def keep_updating() -> None:
        while not ended.wait(UPDATE_S):
            update()

    def advance() -> None:
        with lock:
            run.done += 1

    with client:
        # An update also emits an event, for which Prefect looks up its server in the context: the thread gets this one.
        thread = threading.Thread(target=copy_context().run, args=(keep_updating,), name="progress", daemon=True)
        thread.start()
        try:
            yield advance
        finally:
            ended.set()
            thread.join()
            update()


def publish_artifacts(report: Report, alerts: AlertSettings, seconds: float) -> Rates:
    """Write speed, drops, rates and links of a finished run as artifacts, and emit its rates as the event FINISHED.

    Args:
        report: report of the run.
        alerts: limits above which a rate is high.
        seconds: duration of the run.
    """
    with Catalog(Lake(LakeSettings(path=report.lake)), versions=report.versions) as catalog:
        rates = Rates(**catalog.rows(load_statement("rates_of_run"), run=flow_run.id or "")[0])
        drops = catalog.rows(
            "select stage, reason, count(*) as n from drops group by all order by n desc, stage, reason"
        )
    stats = [model.stats() for model in opened_models()]
    throughput = [
        {"what": name, "value": value} for name, value in measure_speed(stats, progress.snapshot(), seconds).items()
    ]
    create_table_artifact(throughput, key="throughput", description="Throughput of this run")
    create_table_artifact(drops, key="drops", description=f"Rows that {report.lake} dropped so far, by reason")
    text = render_summary(report, rates, os.environ.get("PATCHMILL_DASHBOARD_URL"))
    create_markdown_artifact(text, key="summary", description="Rates of this run, datasets and links")
    emit_event(
        FINISHED, resource=event_resource(report.lake, rates, alerts), payload=event_payload(report, rates, seconds)
    )
    return rates


def event_resource(lake: str, rates: Rates, alerts: AlertSettings) -> dict[str, str]:
    """Return the labels of the event. Triggers compare words only, so a label holds the level of a rate."""
    return {
        "prefect.resource.id": f"patchmill.lake.{lake}",
        "prefect.resource.name": lake,
        "patchmill.infra": rates.level(rates.infra, alerts.infra_rate, alerts.at_least),
        "patchmill.hack": rates.level(rates.tampered, alerts.hack_rate, alerts.at_least),
    }


def event_payload(report: Report, rates: Rates, seconds: float) -> dict[str, Any]:
    """Return the numbers of the event, for the text of a notification."""
    return {
        **asdict(rates),
        "infra_rate": rates.of(rates.infra),
        "hack_rate": rates.of(rates.tampered),
        "flaky_rate": rates.of(rates.flaky),
        "seconds": round(seconds, 1),
        "funnel": report.funnel,
        "examples": report.examples,
    }


def _format_seconds(seconds: float | None) -> str:
    """Return a time in hours, minutes and seconds: `1 h 02 min`, `3 min 04 s`; `?` for None."""
    if seconds is None:
        return "?"
    minutes, whole_seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {whole_seconds:02d} s" if minutes else f"{whole_seconds} s"


def _format_share(share: float | None) -> str:
    """Return a share in percent; `-` for None."""
    return "-" if share is None else f"{share:.2%}"
