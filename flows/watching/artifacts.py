"""What Prefect's UI shows of a run: how far it is while it runs, and at its end speed, drops and rates, with an event
that automations can wait for.

Two requests every EVERY_S while a run is under way, six at its end: a run must not work for those who watch it.
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
from flows.watching.report import Report
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.statements import load_statement
from tasks.models.stats import Stats
from tasks.running import progress
from tasks.running.effects import opened_models
from tasks.running.progress import Progress

EVERY_S = 5.0
JUDGING = ("execute", "matrix", "mutation")
FINISHED = "patchmill.refresh.finished"
BAR = 20  # characters
Level = Literal["high", "ok", "unknown"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rates:
    """How the programs that one run judged came off."""

    judged: int
    infra: int
    tampered: int
    flaky: int

    def of(self, count: int) -> float | None:
        """Share of the judged programs, or None where there are none."""
        return round(count / self.judged, 4) if self.judged else None

    def level(self, count: int, limit: float, at_least: int) -> Level:
        """Whether a count is more than it should be."""
        if self.judged < at_least:
            return "unknown"
        return "high" if count > limit * self.judged else "ok"


class Watch:
    """Reads the stages' counters and says how far they are; the clock starts for a stage when it is first seen."""

    def __init__(self, total: int, began: float) -> None:
        self.total, self.began, self.done = total, began, 0
        self._seen: dict[str, float] = {}

    def percent(self) -> float:
        """Share of finished tasks."""
        return round(100 * self.done / self.total, 1) if self.total else 100.0

    def markdown(self, stages: Mapping[str, Progress], stats: Sequence[Stats], now: float) -> str:
        """Progress and speed as Markdown; `now` and `began` are of one clock, in seconds."""
        left = (now - self.began) / self.done * (self.total - self.done) if self.done else None
        lines = [
            f"{self.done} of {self.total} tasks after {_span(now - self.began)}, about {_span(left)} left",
            "",
            "| stage | | rows | of those known | per s | left |",
            "|---|---|--:|--:|--:|--:|",
        ]
        for stage, state in stages.items():
            passed = now - self._seen.setdefault(stage, now)
            rate = state.done / passed if passed else 0.0
            remain = (state.total - state.done) / rate if rate else None
            filled = round(BAR * state.done / state.total) if state.total else BAR
            bar = "█" * filled + "░" * (BAR - filled)
            lines.append(f"| {stage} | {bar} | {state.done} | {state.total} | {rate:.2f} | {_span(remain)} |")
        lines += ["", *(f"- {name}: {value}" for name, value in speed(stats, stages, now - self.began).items())]
        return "\n".join(lines)


def speed(stats: Sequence[Stats], stages: Mapping[str, Progress], seconds: float) -> dict[str, float]:
    """Throughput of a run so far; tokens/s twice, since a model that waits is not slow."""
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


def summary(made: Report, rates: Rates, dashboard: str | None) -> str:
    """Rates of the run, and where its data sets and its dashboard are, as Markdown."""
    shown = {"infra": rates.infra, "tampered (hack rate)": rates.tampered, "flaky": rates.flaky}
    lines = [f"{rates.judged} programs judged in this run", "", "| | programs | rate |", "|---|--:|--:|"]
    lines += [f"| {name} | {count} | {_rate(rates.of(count))} |" for name, count in shown.items()]
    lines += ["", "| data set or form | examples |", "|---|--:|"]
    lines += [f"| {name} | {count} |" for name, count in made.examples.items()]
    lines += ["", f"- data sets: `{made.lake}/datasets/`, Parquet with a Delta log"]
    lines.append(f"- ask them: `patchmill sql --lake {made.lake}`")
    if dashboard:
        lines.append(f"- [dashboard]({dashboard})")
    return "\n".join(lines)


@contextmanager
def show_progress(total: int) -> Iterator[Callable[[], None]]:
    """Show `total` tasks of this flow run as they finish; the yielded function counts one."""
    watch, changed, ended = Watch(total, time.monotonic()), threading.Lock(), threading.Event()
    bar = create_progress_artifact(watch.percent(), key="progress", description="finished tasks")
    if not total:
        yield lambda: None
        return
    live = create_markdown_artifact("starting", key="live", description="stages, speed and time left")
    client = get_client(sync_client=True)  # made here, where Prefect's settings are those of the run

    def show() -> None:
        stats = [model.stats() for model in opened_models()]
        text = watch.markdown(progress.snapshot(), stats, time.monotonic())
        try:
            client.update_artifact(bar, ArtifactUpdate(data=watch.percent()))  # type: ignore[arg-type]
            client.update_artifact(live, ArtifactUpdate(data=text))  # type: ignore[arg-type]
        except httpx.HTTPError as error:  # whoever watches sees it later; the work goes on
            log.warning("progress could not be shown: %s", error)

    def keep_showing() -> None:
        while not ended.wait(EVERY_S):
            show()

    def advance() -> None:
        with changed:
            watch.done += 1

    with client:
        # In this context, since an update also emits an event, and Prefect looks for its server in the context.
        thread = threading.Thread(target=copy_context().run, args=(keep_showing,), name="progress", daemon=True)
        thread.start()
        try:
            yield advance
        finally:
            ended.set()
            thread.join()
            show()


def publish_artifacts(made: Report, alerts: AlertSettings, seconds: float) -> Rates:
    """Speed, drops, rates and links of a finished run as artifacts, and its rates as the event FINISHED.

    Args:
        made: what the run reports.
        alerts: from when on a rate is high.
        seconds: how long the run took.
    """
    with Catalog(Lake(LakeSettings(path=made.lake)), versions=made.versions) as catalog:
        rates = Rates(**catalog.rows(load_statement("rates_of_run"), run=flow_run.id or "")[0])
        drops = catalog.rows(
            "select stage, reason, count(*) as n from drops group by all order by n desc, stage, reason"
        )
    stats = [model.stats() for model in opened_models()]
    fast = [{"what": name, "value": value} for name, value in speed(stats, progress.snapshot(), seconds).items()]
    create_table_artifact(fast, key="throughput", description="How fast this run was")
    create_table_artifact(drops, key="drops", description=f"Left out of {made.lake} so far, and why")
    text = summary(made, rates, os.environ.get("PATCHMILL_DASHBOARD_URL"))
    create_markdown_artifact(text, key="summary", description="Rates of this run, data sets and links")
    emit_event(FINISHED, resource=resource(made.lake, rates, alerts), payload=payload(made, rates, seconds))
    return rates


def resource(lake: str, rates: Rates, alerts: AlertSettings) -> dict[str, str]:
    """Labels of the event: triggers compare words, never numbers, so the levels are told apart here."""
    return {
        "prefect.resource.id": f"patchmill.lake.{lake}",
        "prefect.resource.name": lake,
        "patchmill.infra": rates.level(rates.infra, alerts.infra_rate, alerts.at_least),
        "patchmill.hack": rates.level(rates.tampered, alerts.hack_rate, alerts.at_least),
    }


def payload(made: Report, rates: Rates, seconds: float) -> dict[str, Any]:
    """The event's numbers, for whoever words a notification."""
    return {
        **asdict(rates),
        "infra_rate": rates.of(rates.infra),
        "hack_rate": rates.of(rates.tampered),
        "flaky_rate": rates.of(rates.flaky),
        "seconds": round(seconds, 1),
        "funnel": made.funnel,
        "examples": made.examples,
    }


def _span(seconds: float | None) -> str:
    """Seconds in the words of a clock."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _rate(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"
