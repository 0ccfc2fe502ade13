"""Progress on stderr while a flow runs in this process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.options import stderr
from tasks.running import progress
from tasks.running.effects import opened_models


@contextmanager
def shown() -> Iterator[None]:
    """Poll tasks.running.progress twice a second: bars on a terminal, a line every 20 s where stderr is a file."""
    stop = threading.Event()
    thread = threading.Thread(target=_bars if stderr.is_terminal else _lines, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _bars(stop: threading.Event) -> None:
    bars = Progress(
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=stderr,
    )
    shown = {}
    with Live(bars, console=stderr, refresh_per_second=4):
        while True:
            for stage, state in progress.snapshot().items():
                if stage not in shown:
                    shown[stage] = bars.add_task(stage, total=0, note="")
                note = _speed() if stage == "generate" else ""
                bars.update(shown[stage], total=state.total, completed=state.done, note=note)
            if stop.wait(0.5):
                return


def _lines(stop: threading.Event) -> None:
    started, said = time.monotonic(), ""
    while not stop.wait(20):
        state = ", ".join(f"{stage} {s.done}/{s.total}" for stage, s in progress.snapshot().items())
        if state and state != said:
            stderr.print(f"[{time.monotonic() - started:5.0f} s] {state} {_speed()}", markup=False)
            said = state


def _speed() -> str:
    stats = [model.stats() for model in opened_models()]
    busy = sum(s.busy_s for s in stats)
    return f"{sum(s.completion_tokens for s in stats) / busy:.0f} tokens/s" if busy else ""
