"""Is the faster program found, is no equal one called faster, does faking gain anything? Prints one JSON line.

    .venv/bin/python -m bench.efficiency [--runs 5] [--quiet] [--backend bubblewrap]

Ten pairs of programs of known order of growth (bench/races.py), ten pairs of programs that do the same in other words,
and programs that fake their speed (bench/fakes.py), are each measured by the stage's own code with its default
settings (on one input), two races side by side, in each of several runs. Meanwhile as many busy loops as cores keep the
machine loaded (`--quiet`: none). `right`: pairs whose faster program was called faster; `emitted`: equal pairs of which
one was. `gains`: how many times as fast as the honest one a faking program was taken for, by run; null where it was not
timed at all, since what it answers is no answer. Exit 1 if a pair is wrong, an equal one or a faker wins.
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
from typing import Any

from bench.fakes import FAKES
from bench.races import EQUAL, PAIRS, Race
from judge.cpus import available_cpus
from judge.factory import SandboxSettings, open_sandbox
from judge.protocol import Sandbox
from tasks.timing.calls import parse_call
from tasks.timing.measure import ProgramTimer, calibrate_scale, measure_repeats
from tasks.timing.rank import SpeedRanking
from tasks.timing.rows import rank_timings
from tasks.timing.settings import TimingSettings

AT_ONCE = 2
BOUND_S = 1200  # after which a busy loop ends by itself, whatever became of us
LOOP = f"import time\nend = time.monotonic() + {BOUND_S}\nwhile time.monotonic() < end: pass"


@contextlib.contextmanager
def load(loops: int) -> Iterator[None]:
    """That many processes that do nothing but take CPU time."""
    started = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def race(sandbox: Sandbox, given: Race, seed: str, how: TimingSettings) -> Ranking | None:
    """What the stage makes of two programs; None where either is not timed."""
    call = call_of(given.test, "f")
    assert call is not None, given.test
    watch = Stopwatch(sandbox, "f", "", {"slow": given.slow, "fast": given.fast}, how.limits)
    import_ms = watch.import_ms(["slow", "fast"])
    scale, _ = settle(watch, call, seed, import_ms, how)
    if scale is None:
        return None
    rows = [
        {
            "attempt_id": timed.attempt_id, "input_id": "input", "repeat": timed.repeat, "agreed": timed.agreed,
            "cpu_ms": timed.cpu_ms, "import_ms": timed.import_ms,
        }
        for lap in repeats(watch, call, scale, seed, import_ms, range(how.repeats)) for timed in lap
    ]  # fmt: skip
    return efficiency(rows, how.confidence, how.least_ratio)


def one_run(sandbox: Sandbox, number: int, how: TimingSettings) -> dict[str, Any]:
    """Every race once."""
    began = time.monotonic()
    races = [*PAIRS, *EQUAL, *FAKES]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rankings = list(pool.map(lambda one: race(sandbox, one, f"{one.name} {number}", how), races))
    found = dict(zip(races, rankings, strict=True))
    won = {one: r.speeds[0].attempt_id if r and r.separated else "" for one, r in found.items()}
    ratios = [r.gap.ratio for one in PAIRS if (r := found[one])]
    return {
        "right": sum(won[one] == "fast" for one in PAIRS),
        "wrong": [one.name for one in PAIRS if won[one] != "fast"],
        "emitted": [one.name for one in EQUAL if won[one]],
        "not_timed": [one.name for one in (*PAIRS, *EQUAL) if found[one] is None],
        "fakers_ahead": [one.name for one in FAKES if won[one] == "fast"],
        "gains": {one.name: gain(found[one]) for one in FAKES},
        "ratios": [round(min(ratios, default=0), 2), round(statistics.median(ratios or [0]), 2)],
        "equal_ratios": sorted(round(r.gap.ratio, 3) for one in EQUAL if (r := found[one])),
        "wall_s": round(time.monotonic() - began, 1),
    }


def gain(found: Ranking | None) -> float | None:
    """The honest program's time by the faker's, import included: the median over repeats."""
    if found is None:
        return None
    ratio = found.speeds[1].by_input["input"].ratio
    return round(ratio if found.speeds[1].attempt_id == "slow" else 1 / ratio, 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quiet", action="store_true", help="without busy loops")
    parser.add_argument("--backend", default="bubblewrap", choices=["docker", "bubblewrap"])
    arguments = parser.parse_args()
    cores = available_cpus()
    how = TimingSettings.model_validate({})
    sandbox = open_sandbox(SandboxSettings(backend=arguments.backend, jobs=AT_ONCE, reruns=0))
    runs = []
    try:
        with load(0 if arguments.quiet else cores):
            for number in range(arguments.runs):
                runs.append(one_run(sandbox, number, how))
                print(json.dumps(runs[-1]), file=sys.stderr)
    finally:
        sandbox.close()
    gains = {name: [run["gains"][name] for run in runs] for name in runs[0]["gains"]}
    told = {
        "runs": len(runs), "pairs": len(PAIRS), "equal_pairs": len(EQUAL),
        "busy_loops": 0 if arguments.quiet else cores,
        "right": [run["right"] for run in runs], "emitted": [len(run["emitted"]) for run in runs],
        "fakers_ahead": [len(run["fakers_ahead"]) for run in runs], "gains": gains,
        "least_and_median_ratio": [run["ratios"] for run in runs],
        "equal_ratios_at_most": max((max(run["equal_ratios"], default=0) for run in runs), default=0),
        "wall_s": [run["wall_s"] for run in runs],
    }  # fmt: skip
    print(json.dumps(told))
    fine = all(run["right"] == len(PAIRS) and not run["emitted"] and not run["fakers_ahead"] for run in runs)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
