"""What may be asked of the judge, and what it answers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import Field

from judge.problems import Asserts, Calls, Check, Stdio, UnitTest
from judge.records import JudgeRecord

JUDGE_VERSION = 1
"""Raised by whoever changes what verdict some program gets; everything is then judged again, nothing generated."""

Verdict = Literal[
    "passed", "failed", "error", "exited", "timeout", "memory", "output", "processes", "files", "no_code", "infra"
]  # fmt: skip
Flag = Literal["tampered", "flaky", "shared"]
Isolation = Literal["separate", "shared", "none"]  # driver and candidate apart; in one process; nothing was run


class Limits(JudgeRecord):
    """What one program may use; enforced from outside, recorded in every row."""

    cpu_s: float = Field(10.0, gt=0)
    """User and system CPU seconds of the whole process tree, for all its tests together."""
    wall_s: float = Field(60.0, gt=0)
    """Backstop for sleepers and deadlocks; CPU time is the main limit, so that a loaded machine changes no verdict."""
    memory_mib: int = Field(512, ge=32)
    """Resident memory of the whole tree, its tmpfs included."""
    processes: int = Field(32, ge=1)
    """Processes and threads at one time."""
    output_kib: int = Field(1024, ge=1)
    """Bytes on stdout and stderr together; drained while running. For a stdio problem, per case."""
    files_mib: int = Field(64, ge=1)
    """Bytes in the private /tmp."""
    inodes: int = Field(4096, ge=16)
    """Files and directories in the private /tmp."""


class Answers(JudgeRecord):
    """Calls whose answers are wanted, whatever they are: what a program is timed on. No problem comes with these.

    A result is `passed` where plain data came back, and its message is then the data's address (inside/digest.py).
    """

    kind: Literal["answers"] = "answers"
    calls: tuple[str, ...] = ()
    """Expressions in which the entry point is called once, with literals, as the argument of `sorted`, `set`,
    `frozenset` or of nothing; without any, the program is only loaded."""


@dataclass(frozen=True)
class Job:
    """One program and the tests it must pass."""

    job_id: str
    code: str
    context: str
    entry_point: str | None
    tests: Asserts | Check | Stdio | Calls | UnitTest | Answers
    limits: Limits
    each: bool = False
    """Whether each assert has the limits to itself: after one that passes a limit or ends the program, the others go on
    in a fresh process."""


@dataclass(frozen=True)
class TestResult:
    """One test of one program. `test` is its text (an assert) or a name such as `case 3`, `TestX.test_y`, `check`."""

    __test__ = False  # not a pytest class

    test: str
    verdict: Verdict
    message: str = ""
    """Why not passed, for people: got and expected, or exception and line. Free of addresses, paths and timings."""


@dataclass(frozen=True)
class Judged:
    """A verdict and the evidence it rests on. `passed` only where every expected test has a passed result."""

    job_id: str
    verdict: Verdict
    tests: tuple[TestResult, ...]
    flags: tuple[Flag, ...] = ()
    exception_type: str | None = None
    exception_message: str | None = None
    feedback: str = ""
    """What a model that repairs is shown: the first failing test, got and expected, exception and line, or which
    limit was hit. Deterministic: no addresses, no timings, no host paths, at most 2,000 characters. Empty if passed."""
    cpu_ms: float = 0.0
    """User and system time of the candidate's whole tree; never the driver's."""
    wall_ms: float = 0.0
    peak_mib: float = 0.0
    signal: int | None = None
    """Signal that ended the candidate, if one did."""
    stdout_tail: str = ""
    stderr_tail: str = ""
    isolation: Isolation = "separate"
    evidence: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    """Small extra facts: cgroup mode, what tamper was seen, processes at most, why infra."""


class Sandbox(Protocol):
    """Docker, bubblewrap, or recorded verdicts."""

    @property
    def backend(self) -> str:
        """`bubblewrap`, `docker` or `recorded`, as rows keep it."""
        ...

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        """Judge all jobs on this sandbox's slots, yielding in order of completion; safe to call from several threads.

        Time in the queue is never charged. A hiccup of ours is retried on a fresh slot, then yielded as `infra`.

        Raises:
            SandboxError: when no slot can be started at all.
        """
        ...

    def close(self) -> None:
        """End every process and remove every folder that this object made."""
        ...
