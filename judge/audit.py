"""The audit: every attack of the table against a real sandbox, and a look at what it left behind."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from judge.attacks import ATTACKS, Attack, Group
from judge.attacks.base import MARK
from judge.cgroup import members
from judge.protocol import JUDGE_VERSION, Flag, Job, Sandbox, Verdict

BATCH = 4  # programs a slot is given between two looks, so that a slow one keeps no other slot waiting for long
NESTED = 3  # pid namespaces between us and a program: the sandbox's, its fork server's, the program's own


@dataclass(frozen=True)
class AttackResult:
    """One attack: what it may get, what it got, and what was there afterwards that had not been there before."""

    attack: Attack
    group: Group
    expected: tuple[Verdict, ...]
    got: Verdict
    flags: tuple[Flag, ...]
    ok: bool
    """Whether the verdict is right, carries the flag expected, all CPU time was seen, and nothing was left."""
    left: tuple[str, ...]
    """Processes, files and sockets that outlived the run, in words."""
    feedback: str
    wall_ms: float
    backend: str
    judge_version: int = JUDGE_VERSION


def audit(sandbox: Sandbox, attacks: Sequence[Attack] = ATTACKS, at_once: int = 1) -> Iterator[AttackResult]:
    """Run the attacks, `at_once` side by side.

    Raises:
        SandboxError: the sandbox could not be started.
    """
    waiting = iter(attacks)
    while group := list(islice(waiting, at_once * BATCH if at_once > 1 else 1)):
        rows, left = _tried(sandbox, group)
        if left and len(group) > 1:
            # Whose is it? Where nobody leaves a thing alone, it is held against all.
            alone = [_tried(sandbox, [attack])[1] for attack in group]
            rows = [_with(row, own if any(alone) else left) for row, own in zip(rows, alone, strict=True)]
        elif left:
            rows = [_with(row, left) for row in rows]
        yield from rows


def _tried(sandbox: Sandbox, group: Sequence[Attack]) -> tuple[list[AttackResult], tuple[str, ...]]:
    """Rows of one group, and what is there since."""
    before = _survivors() | _outside()
    jobs = [Job(str(n), a.code, "", a.entry, a.tests, a.limits) for n, a in enumerate(group)]
    judged = {row.job_id: row for row in sandbox.judge(jobs)}
    rows = []
    for n, attack in enumerate(group):
        row = judged[str(n)]
        ok = row.verdict in attack.expected and (attack.flag is None or attack.flag in row.flags)
        feedback = row.feedback
        if row.cpu_ms < attack.least_cpu_ms:
            ok, feedback = False, f"{row.cpu_ms:.0f} ms of CPU time seen, it used {attack.least_cpu_ms:.0f}. {feedback}"
        rows.append(
            AttackResult(
                attack, attack.group, attack.expected, row.verdict, row.flags, ok, (), feedback, row.wall_ms,
                sandbox.backend,
            )
        )  # fmt: skip
    return rows, tuple(sorted((_survivors() | _outside()) - before))


def _with(row: AttackResult, left: tuple[str, ...]) -> AttackResult:
    return replace(row, left=left, ok=row.ok and not left)


def _survivors() -> set[str]:
    """Programs that still run: what lies below us or in our cgroups, as deep in namespaces as only a program can."""
    pids, own = [os.getpid()], _depth(os.getpid())
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                pids += map(int, task.read_text().split())
            except OSError:
                continue  # it ended while we looked
    return {f"process {pid}" for pid in {*pids, *members()} if _depth(pid) >= own + NESTED}


def _depth(pid: int) -> int:
    """How many pid namespaces a process is in; 0 if it is gone, or dead and not yet buried."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return 0 if fields["State"].split()[0] in "ZX" else len(fields["NSpid"].split())


def _outside() -> set[str]:
    """Files and abstract sockets of ours that no run may leave."""
    places = {Path(p) for p in (tempfile.gettempdir(), "/dev/shm", "/var/tmp", "/", "/proc", Path.home(), Path.cwd())}  # noqa: S108
    found = {f"file {place / MARK}" for place in places if os.path.lexists(place / MARK)}
    try:
        sockets = Path("/proc/net/unix").read_text().splitlines()
    except OSError:
        sockets = []
    return found | {f"socket @{MARK}" for line in sockets if line.endswith(f"@{MARK}")}
