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
                note = _tokens_per_second() if stage == "generate" else ""
                bars.update(bar_of_stage[stage], total=state.total, completed=state.done, note=note)
            if stop.wait(BAR_S):
                return


def _print_lines(stop: threading.Event) -> None:
    """Print a line whenever a stage has advanced."""
    start, last = time.monotonic(), ""
    while not stop.wait(LINE_S):
        stages = ", ".join(f"{stage} {state.done}/{state.total}" for stage, state in progress.snapshot().items())
        if stages and stages != last:
            stderr.print(f"[{time.monotonic() - start:5.0f} s] {stages} {_tokens_per_second()}", markup=False)
            last = stages


def _tokens_per_second() -> str:
    """Return the rate of all models while they were busy; "" before the first answer."""
    stats = [model.stats() for model in opened_models()]
    busy_s = sum(s.busy_s for s in stats)
    return f"{sum(s.completion_tokens for s in stats) / busy_s:.0f} tokens/s" if busy_s else ""
