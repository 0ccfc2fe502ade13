"""The audit: run every attack of the table in a real sandbox, and look for what it left behind."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from judge.attacks import ATTACKS, Attack, Group
from judge.attacks.base import MARK
from judge.cgroup import live_pids
from judge.protocol import JUDGE_VERSION, Flag, Job, Sandbox, Verdict

BATCH = 4  # programs per slot between two searches, so that a slow program does not keep other slots waiting for long
NESTED = 3  # pid namespaces between this process and a program: the sandbox's, its fork server's, the program's own


@dataclass(frozen=True)
class AttackResult:
    """The verdict of one attack, the verdicts it may get, and what was left behind that was not there before."""

    attack: Attack
    group: Group
    expected: tuple[Verdict, ...]
    verdict: Verdict
    flags: tuple[Flag, ...]
    ok: bool
    """The verdict is right and carries the expected flag, all CPU time was measured, and nothing was left behind."""
    left_behind: tuple[str, ...]
    """Processes, files and sockets that outlived the run, in words."""
    feedback: str
    wall_ms: float
    backend: str
    judge_version: int = JUDGE_VERSION


def audit(sandbox: Sandbox, attacks: Sequence[Attack] = ATTACKS, at_once: int = 1) -> Iterator[AttackResult]:
    """Run the attacks, `at_once` side by side.

    Raises:
        SandboxError: the sandbox cannot be started.
    """
    remaining = iter(attacks)
    while batch := list(islice(remaining, at_once * BATCH if at_once > 1 else 1)):
        results, left = _run_batch(sandbox, batch)
        if left and len(batch) > 1:
            # Run each alone to find who left it. If none leaves anything alone, it counts against all.
            left_by_each = [_run_batch(sandbox, [attack])[1] for attack in batch]
            results = [
                _with_left(result, left_alone if any(left_by_each) else left)
                for result, left_alone in zip(results, left_by_each, strict=True)
            ]
        elif left:
            results = [_with_left(result, left) for result in results]
        yield from results


def _run_batch(sandbox: Sandbox, batch: Sequence[Attack]) -> tuple[list[AttackResult], tuple[str, ...]]:
    """Run attacks side by side; return their results, and what they left behind together."""
    before = _find_survivors() | _find_marks()
    jobs = [Job(str(n), a.code, "", a.entry, a.tests, a.limits) for n, a in enumerate(batch)]
    judged_by_id = {judged.job_id: judged for judged in sandbox.judge(jobs)}
    results = []
    for n, attack in enumerate(batch):
        judged = judged_by_id[str(n)]
        ok = judged.verdict in attack.expected and (attack.flag is None or attack.flag in judged.flags)
        feedback = judged.feedback
        if judged.cpu_ms < attack.least_cpu_ms:
            measured = f"{judged.cpu_ms:.0f} ms of CPU time seen, it used {attack.least_cpu_ms:.0f}"
            ok, feedback = False, f"{measured}. {feedback}"
        results.append(
            AttackResult(
                attack, attack.group, attack.expected, judged.verdict, judged.flags, ok, (), feedback, judged.wall_ms,
                sandbox.backend,
            )
        )  # fmt: skip
    return results, tuple(sorted((_find_survivors() | _find_marks()) - before))


def _with_left(result: AttackResult, left: tuple[str, ...]) -> AttackResult:
    return replace(result, left_behind=left, ok=result.ok and not left)


def _find_survivors() -> set[str]:
    """Find programs that still run: below this process or in its cgroups, as deep in namespaces as programs are."""
    pids, own_depth = [os.getpid()], _count_namespaces(os.getpid())
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                pids += map(int, task.read_text().split())
            except OSError:
                continue  # it ended meanwhile
    candidates = {*pids, *live_pids()}
    return {f"process {pid}" for pid in candidates if _count_namespaces(pid) >= own_depth + NESTED}


def _count_namespaces(pid: int) -> int:
    """Return how many pid namespaces a process is in; 0 if it has ended, also if it is a zombie."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return 0 if fields["State"].split()[0] in "ZX" else len(fields["NSpid"].split())


def _find_marks() -> set[str]:
    """Find the files and abstract sockets that attacks try to leave on this machine."""
    places = {Path(p) for p in (tempfile.gettempdir(), "/dev/shm", "/var/tmp", "/", "/proc", Path.home(), Path.cwd())}  # noqa: S108
    files = {f"file {place / MARK}" for place in places if os.path.lexists(place / MARK)}
    try:
        sockets = Path("/proc/net/unix").read_text().splitlines()
    except OSError:
        sockets = []
    return files | {f"socket @{MARK}" for line in sockets if line.endswith(f"@{MARK}")}
