"""Progress on stderr while a flow runs in this process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.options import stderr
from tasks.running import progress
from tasks.running.effects import opened_models

BAR_S = 0.5
LINE_S = 20
ASKING = ("mining concepts", "mining tasks", "generate", "write_tests", "diagnose", "repair")
LONG_WAIT_S = 5.0
"""Waits for a rate limit that get a line of their own at once."""


@contextmanager
def show_progress() -> Iterator[None]:
    """Show the progress of all stages during the body: bars on a terminal, else a line every LINE_S seconds."""
    stop = threading.Event()
    thread = threading.Thread(target=_show_bars if stderr.is_terminal else _print_lines, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _show_bars(stop: threading.Event) -> None:
    bars = Progress(
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=stderr,
    )
    bar_of_stage: dict[str, TaskID] = {}
    with Live(bars, console=stderr, refresh_per_second=4):
        while True:
            for stage, state in progress.snapshot().items():
                if stage not in bar_of_stage:
                    bar_of_stage[stage] = bars.add_task(stage, total=0, note="")
                is_waiting = stage in ASKING and state.done < state.total and _rate_limit_s()
                note = describe_wait() if is_waiting else _tokens_per_second() if stage == "generate" else ""
                bars.update(bar_of_stage[stage], total=state.total, completed=state.done, note=note)
            if stop.wait(BAR_S):
                return


def _print_lines(stop: threading.Event) -> None:
    """Print a line whenever a stage has advanced, at most every LINE_S seconds, and when a long wait begins."""
    start, last, printed_at, waited = time.monotonic(), "", time.monotonic(), False
    while not stop.wait(BAR_S):
        now, is_waiting = time.monotonic(), _rate_limit_s() > 0
        is_new_wait = _rate_limit_s() > LONG_WAIT_S and not waited
        if now - printed_at < LINE_S and not is_new_wait:
            waited = waited and is_waiting
            continue
        stages = ", ".join(f"{stage} {state.done}/{state.total}" for stage, state in progress.snapshot().items())
        note = describe_wait() if is_waiting else _tokens_per_second()
        if stages and (stages != last or is_waiting):
            stderr.print(f"[{now - start:5.0f} s] {stages} {note}", soft_wrap=True, markup=False)
            last = stages
        printed_at, waited = now, is_waiting


def describe_wait() -> str:
    """Return how long the model's server lets no request through; "" where none waits for that."""
    seconds = _rate_limit_s()
    return f"waiting for the server's rate limit, {seconds:.0f} s" if seconds else ""


def _rate_limit_s() -> float:
    return max((model.stats().waiting_s for model in opened_models()), default=0.0)


def _tokens_per_second() -> str:
    """Return the rate of all models while they were busy; "" before the first answer."""
    stats = [model.stats() for model in opened_models()]
    busy_s = sum(s.busy_s for s in stats)
    return f"{sum(s.completion_tokens for s in stats) / busy_s:.0f} tokens/s" if busy_s else ""
