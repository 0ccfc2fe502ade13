"""Measure whether timing separates fast programs from slow ones, and from nothing else: prints one JSON line.

    .venv/bin/python -m bench.efficiency [--runs 5] [--quiet] [--backend bubblewrap]

Ten pairs of programs of known order of growth and ten pairs of programs that differ in their words alone
(bench/races.py), and programs that fake their speed (bench/fakes.py), are measured by the stage's own code. It has its
default settings, one input, and two pairs at once; there are several runs. Meanwhile as many busy loops as cores keep
the machine loaded (`--quiet`: none).

`right`: pairs whose faster program was called faster. `emitted`: equal pairs of which one program was called faster.
`gains`: by run, how many times as fast as the honest program a faking one seemed; null where it was not timed at all,
since it gives no answer. Exit 1 if a pair is wrong, or if an equal or a faking program is called faster.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from bench.fakes import FAKES
from bench.races import EQUAL, PAIRS, Race
from judge.cpus import available_cpus
from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Sandbox
from tasks.timing.calls import parse_call
from tasks.timing.measure import ProgramTimer, calibrate_scale, measure_repeats
from tasks.timing.rank import SpeedRanking
from tasks.timing.rows import Comparison, rank_timings, timing_row
from tasks.timing.settings import TimingSettings

AT_ONCE = 2
LOOP_S = 1200  # after which a busy loop ends by itself, even if this process was killed
LOOP = f"import time\nend = time.monotonic() + {LOOP_S}\nwhile time.monotonic() < end: pass"


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Run so many processes that only take CPU time."""
    processes = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def rank_race(sandbox: Sandbox, race: Race, seed: str, settings: TimingSettings) -> SpeedRanking | None:
    """Rank the two programs of a race as the stage does; None where either is not timed."""
    call = parse_call(race.test, "f")
    assert call is not None, race.test
    codes = {"slow": race.slow, "fast": race.fast}
    timer = ProgramTimer(sandbox, "f", "", codes, settings.limits)
    import_ms = timer.measure_imports(codes)
    scale, _ = calibrate_scale(timer, call, seed, import_ms, settings)
    if scale is None:
        return None
    comparison = Comparison("problem", 0, "matrix", "f", "", codes, (), "")
    now = datetime.now(UTC)
    rows = [
        timing_row(comparison, "input", timing, now)
        for repeat in measure_repeats(timer, call, scale, seed, import_ms, range(settings.repeats))
        for timing in repeat
    ]
    return rank_timings(rows, settings.confidence, settings.least_ratio)


def run_races(sandbox: Sandbox, number: int, settings: TimingSettings) -> dict[str, Any]:
    """Rank every race once; return the figures of the run."""
    began = time.monotonic()
    races = [*PAIRS, *EQUAL, *FAKES]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(lambda race: rank_race(sandbox, race, f"{race.name} {number}", settings), races)
        rankings = dict(zip(races, results, strict=True))
    winners = {race: r.speeds[0].attempt_id if r and r.is_separated else "" for race, r in rankings.items()}
    ratios = [ranking.slowdown.ratio for race in PAIRS if (ranking := rankings[race])]
    equal_ratios = [ranking.slowdown.ratio for race in EQUAL if (ranking := rankings[race])]
    return {
        "right": sum(winners[race] == "fast" for race in PAIRS),
        "wrong": [race.name for race in PAIRS if winners[race] != "fast"],
        "emitted": [race.name for race in EQUAL if winners[race]],
        "not_timed": [race.name for race in (*PAIRS, *EQUAL) if rankings[race] is None],
        "fakers_ahead": [race.name for race in FAKES if winners[race] == "fast"],
        "gains": {race.name: compute_gain(rankings[race]) for race in FAKES},
        "ratios": [round(min(ratios, default=0), 2), round(statistics.median(ratios or [0]), 2)],
        "equal_ratios": sorted(round(ratio, 3) for ratio in equal_ratios),
        "wall_s": round(time.monotonic() - began, 1),
    }


def compute_gain(ranking: SpeedRanking | None) -> float | None:
    """Return the honest program's time by the faking one's, import counted: the median over repeats."""
    if ranking is None:
        return None
    slower = ranking.speeds[1]
    ratio = slower.by_input["input"].ratio
    return round(ratio if slower.attempt_id == "slow" else 1 / ratio, 3)


def main() -> int:
    """Run as many times as asked for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quiet", action="store_true", help="without busy loops")
    parser.add_argument("--backend", default="bubblewrap", choices=["docker", "bubblewrap"])
    arguments = parser.parse_args()
    loops = 0 if arguments.quiet else available_cpus()
    settings = TimingSettings()
    sandbox = open_sandbox(SandboxSettings(backend=arguments.backend, jobs=AT_ONCE, reruns=0))
    runs = []
    try:
        with busy_loops(loops):
            for number in range(arguments.runs):
                runs.append(run_races(sandbox, number, settings))
                print(json.dumps(runs[-1]), file=sys.stderr)
    finally:
        sandbox.close()
    gains = {name: [run["gains"][name] for run in runs] for name in runs[0]["gains"]}
    report = {
        "runs": len(runs), "pairs": len(PAIRS), "equal_pairs": len(EQUAL),
        "busy_loops": loops,
        "right": [run["right"] for run in runs], "emitted": [len(run["emitted"]) for run in runs],
        "fakers_ahead": [len(run["fakers_ahead"]) for run in runs], "gains": gains,
        "least_and_median_ratio": [run["ratios"] for run in runs],
        "equal_ratios_at_most": max((max(run["equal_ratios"], default=0) for run in runs), default=0),
        "wall_s": [run["wall_s"] for run in runs],
    }  # fmt: skip
    print(json.dumps(report))
    is_as_expected = all(run["right"] == len(PAIRS) and not run["emitted"] and not run["fakers_ahead"] for run in runs)
    return 0 if is_as_expected else 1


if __name__ == "__main__":
    sys.exit(main())
