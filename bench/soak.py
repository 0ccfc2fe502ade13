"""Measure whether many verdicts in one process make anything grow: prints one JSON line, exit 1 if they do.

    .venv/bin/python -m bench.soak [--verdicts 50000] [--backend bubblewrap|docker]

The same thousand programs (bench/jobs.py, without the endless ones) are judged again and again, two at a time. After
each thousand, while nothing runs, is counted: resident memory and open descriptors of this process, processes below it,
containers, files in the folder for temporary ones, the judge's cgroups. All are held against what they were after the
second thousand (the first, of fewer). The candidate's CPU time per verdict, as the judge reports it, is compared
between the first and the last thousand by its median; that of all processes, this one included, stands beside it.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.contender import tree_cpu_s
from bench.engine import Engine, run_engine
from bench.jobs import make_programs
from judge.cgroup import PREFIX, ROOT
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Limits, Sandbox

ROUND = 1000
PROGRAMS = 1060  # of which 1007 are not endless
RSS_GROWTH, CPU_GROWTH = 1.10, 1.10


@dataclass(frozen=True)
class Sample:
    """Resources in use after so many verdicts."""

    verdicts: int
    rss_mib: float
    descriptors: int
    processes: int
    containers: int
    files: int
    cgroups: int
    cpu_ms_median: float
    """Of the candidates of the last thousand."""
    cpu_ms_all: float
    """Per verdict of the last thousand: this process, the judge's processes, and the daemon if there is one."""
    wrong: int
    """Verdicts that differ from the program's label."""


def count_descendants(pid: int) -> int:
    """Count the processes below a process."""
    pids = [pid]
    for at in pids:
        for task in Path(f"/proc/{at}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                pids += map(int, task.read_text().split())
    return len(pids) - 1


def count_files(folder: Path) -> int:
    """Count the files and folders below a folder."""
    return sum(len(names) + len(folders) for _, folders, names in os.walk(folder))


def take_sample(
    verdicts: int, folder: Path, docker: Engine | None, cpu_ms: list[float], all_s: float, wrong: int
) -> Sample:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        verdicts=verdicts,
        rss_mib=round(pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 2),
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
        processes=count_descendants(os.getpid()) - (count_descendants(docker.pid) + 1 if docker else 0),
        containers=docker.count_containers() if docker else 0,
        files=count_files(folder),
        cgroups=len(list(ROOT.glob(f"{PREFIX}{os.getpid()}-*")) + list(ROOT.glob(f"*/{PREFIX}{os.getpid()}-*"))),
        cpu_ms_median=round(statistics.median(cpu_ms), 3),
        cpu_ms_all=round(all_s * 1000 / len(cpu_ms), 3),
        wrong=wrong,
    )


def soak(sandbox: Sandbox, rounds: int, folder: Path, docker: Engine | None) -> Iterator[Sample]:
    """Judge the same programs `rounds` times and yield a sample after each round."""
    programs = make_programs(PROGRAMS)[0][:ROUND]
    jobs = [
        Job(p.job_id, p.code, "", p.task.entry, Asserts(kind="asserts", asserts=p.task.asserts), Limits())
        for p in programs
    ]
    labels = {p.job_id: p.kind == "pass" for p in programs}
    for turn in range(rounds):
        before = _all_cpu_s(docker)
        cpu_ms, wrong = [], 0
        for row in sandbox.judge(jobs):
            cpu_ms.append(row.cpu_ms)
            wrong += (row.verdict == "passed") is not labels[row.job_id]
        yield take_sample((turn + 1) * ROUND, folder, docker, cpu_ms, _all_cpu_s(docker) - before, wrong)


def _all_cpu_s(docker: Engine | None) -> float:
    # The daemon is below us and in its cgroup.
    return tree_cpu_s(os.getpid()) + (docker.cpu_s() - tree_cpu_s(docker.pid) if docker else 0.0)


def find_faults(samples: list[Sample]) -> list[str]:
    """Return a sentence for each figure that grew beyond its bound, and for wrong verdicts."""
    first, base, last = samples[0], samples[min(1, len(samples) - 1)], samples[-1]
    faults = [
        f"{name} grew from {getattr(base, name)} to {getattr(last, name)}"
        for name in ("descriptors", "processes", "containers", "files", "cgroups")
        if getattr(last, name) > getattr(base, name)
    ]
    if last.rss_mib > RSS_GROWTH * base.rss_mib:
        faults.append(f"memory grew from {base.rss_mib} to {last.rss_mib} MiB")
    if last.cpu_ms_median > CPU_GROWTH * first.cpu_ms_median:
        faults.append(f"CPU time per verdict grew from {first.cpu_ms_median} to {last.cpu_ms_median} ms")
    if wrong := sum(sample.wrong for sample in samples):
        faults.append(f"{wrong} wrong verdicts")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verdicts", type=int, default=50_000, help="rounded down to thousands, at least 2000")
    parser.add_argument("--backend", default="bubblewrap", choices=["docker", "bubblewrap"])
    arguments = parser.parse_args()
    if arguments.verdicts < 2 * ROUND:
        parser.error(f"--verdicts {arguments.verdicts}: expected at least {2 * ROUND}")
    samples: list[Sample] = []
    with contextlib.ExitStack() as stack:
        docker = stack.enter_context(run_engine()) if arguments.backend == "docker" else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        tempfile.tempdir = str(folder)  # files left there from now on are the judge's
        host = docker.host if docker else None
        settings = SandboxSettings(backend=arguments.backend, docker_host=host, jobs=2, reruns=0)
        sandbox = open_sandbox(settings)
        stack.callback(sandbox.close)
        for sample in soak(sandbox, arguments.verdicts // ROUND, folder, docker):
            samples.append(sample)
            print(json.dumps(asdict(sample)), file=sys.stderr)
    faults = find_faults(samples)
    ratio = samples[-1].cpu_ms_median / samples[0].cpu_ms_median
    names = ("rss_mib", "descriptors", "processes", "containers", "files", "cgroups")
    report = {
        "backend": arguments.backend,
        "verdicts": samples[-1].verdicts,
        "first": asdict(samples[0]),
        "last": asdict(samples[-1]),
        "most": {name: max(getattr(sample, name) for sample in samples) for name in names},
        "cpu_ms_median_ratio": round(ratio, 3),
        "faults": faults,
    }
    print(json.dumps(report))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
