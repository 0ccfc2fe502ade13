"""The judge's vocabulary: a job, its limits, a verdict with its evidence, and the protocol of every sandbox."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from pydantic import Field

from judge.calibration import Calibration, RunIsolation
from judge.problems import Asserts, Calls, Check, Checker, Stdio, UnitTest
from judge.records import JudgeRecord

JUDGE_VERSION = 2
"""Raise it with every change after which some program gets another verdict; stages then judge every program again.
tests/judge/test_version.py fails when the code that decides verdicts changes and this number does not."""

Evidence = dict[str, str | int | float | bool | list[str] | None]
Verdict = Literal[
    "passed", "failed", "error", "exited", "timeout", "memory", "output", "processes", "files", "no_code", "infra"
]  # fmt: skip
"""Result of a program: `passed` only if every test passed, `infra` where the judge's own machinery failed, or the
problem's checker (flag `checker`)."""
Flag = Literal["tampered", "flaky", "opaque", "checker"]
"""Broke the rules or follows the expected value; did not pass every time; objects of its own answered for it; the
problem's checker is at fault."""
Isolation = Literal["separate", "native", "none"]
"""Driver and candidate in two processes; both in one; nothing was run. Older rows may say `shared`."""


class Limits(JudgeRecord):
    """Limits of one program; enforced from outside, recorded in every row.

    >>> from judge import Limits, judge
    >>> judge("while True: pass", tests=["assert True"], limits=Limits(cpu_s=0.2)).feedback.splitlines()[0]
    'The program took too long: more than 0.2 s of CPU time.'
    """

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
    """Calls whose answers are recorded and not compared: what a program is timed on. No problem comes with these.

    A test is `passed` if the call returned plain data; its message is then the data's digest (inside/digest.py).
    """

    kind: Literal["answers"] = "answers"
    calls: tuple[str, ...] = ()
    """Expressions in which the entry point is called once, with literals, as the argument of `sorted`, `set`,
    `frozenset` or of nothing; without any, the program is only loaded."""


@dataclass(frozen=True)
class Job:
    """One program and the tests it must pass; `job_id` is free text that its verdict carries.

    >>> from judge import Asserts, Job, Limits
    >>> tests = Asserts(asserts=["assert add(1, 2) == 3"])
    >>> job = Job("1", code="def add(a, b): return a + b", context="", entry_point="add", tests=tests, limits=Limits())
    >>> job.tests.asserts
    ('assert add(1, 2) == 3',)
    """

    job_id: str
    code: str
    context: str
    entry_point: str | None
    tests: Asserts | Check | Stdio | Calls | Checker | UnitTest | Answers
    limits: Limits
    each: bool = False
    """Give every assert the limits to itself: after one that exceeds a limit or ends the program, the others go on in a
    fresh process."""
    isolation: RunIsolation | None = None
    """As it was chosen for the problem; None lets the setting `unreferenced` choose by the tests alone."""
    normal: Calibration | None = None
    """What is normal by the problem's reference; None where it has none."""
    calibrate: bool = False
    """The program is the problem's reference: it chooses the isolation (judge/isolation.py), and its verdict carries
    the calibration."""

    def calibrated_by(self, calibration: Calibration) -> "Job":
        """Return the job of a program that is judged as the problem's reference showed; a chosen isolation stays."""
        return replace(self, isolation=self.isolation or calibration.isolation, normal=calibration)


@dataclass(frozen=True)
class TestResult:
    """The verdict of one test of one program.

    >>> from judge import judge
    >>> result = judge("def add(a, b): return a - b", tests=["assert add(1, 2) == 3", "assert add(2, 0) == 2"])
    >>> [(test.verdict, test.message) for test in result.tests]
    [('failed', 'got -1, expected 3'), ('passed', '')]
    """

    __test__ = False  # not a pytest class

    test: str
    """Its text (an assert), or a name such as `case 3`, `TestX.test_y` or `check`."""
    verdict: Verdict
    message: str = ""
    """Reason why it did not pass: got and expected, or exception and line. Holds no addresses, paths or timings."""


@dataclass(frozen=True)
class TestFacts:
    """What a run says of one test beside its verdict."""

    __test__ = False  # not a pytest class

    asked: tuple[str, ...] = ()
    """Questions that objects of the program answered in it, sorted."""
    skipped: bool = False
    """The test skipped itself."""
    lines: tuple[int, ...] = ()
    """Lines of the test code in which it failed, from the outermost call to the innermost; only natively."""


@dataclass(frozen=True)
class Judged:
    """The verdict of one program and the evidence for it; `passed` only if every expected test passed.

    >>> from judge import judge
    >>> result = judge("def half(a): return 1 / a", tests=["assert half(0) == 0"])
    >>> result.verdict, result.exception_type
    ('error', 'ZeroDivisionError')
    >>> print(result.feedback)
    Test: assert half(0) == 0
    Result: error
    ZeroDivisionError: division by zero, at line 1: def half(a): return 1 / a
    """

    job_id: str
    verdict: Verdict
    tests: tuple[TestResult, ...]
    flags: tuple[Flag, ...] = ()
    exception_type: str | None = None
    exception_message: str | None = None
    feedback: str = ""
    """Shown to a model that repairs the program: the first failing test, got and expected, exception and line, or the
    limit exceeded. Deterministic (no addresses, timings or host paths), at most 2,000 characters, empty if passed."""
    cpu_ms: float = 0.0
    """User and system time of the candidate's whole tree; never the driver's."""
    wall_ms: float = 0.0
    peak_mib: float = 0.0
    signal: int | None = None
    """Signal that ended the candidate, if one did."""
    stdout_tail: str = ""
    stderr_tail: str = ""
    isolation: Isolation = "separate"
    evidence: Evidence = field(default_factory=dict)
    """Small extra facts: cgroup mode, signs of tampering, peak number of processes, the reason of `infra`; `asked`:
    which questions the program's own objects answered; `controls`: how many control runs it failed, as it should."""
    facts: dict[str, TestFacts] = field(default_factory=dict)
    """By the name of a test, where a run says more of it than its verdict."""
    calibration: Calibration | None = None
    """Only where the job asked for it, and the program passed."""


class Sandbox(Protocol):
    """Docker, bubblewrap, or recorded verdicts."""

    @property
    def backend(self) -> str:
        """`bubblewrap`, `docker` or `recorded`, as rows keep it."""
        ...

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        """Judge all jobs on this sandbox's slots, yielding in order of completion; safe to call from several threads.

        Time in the queue counts against no limit. An infrastructure error is retried on a fresh slot; a job that meets
        it every time is yielded as `infra`.

        Raises:
            SandboxError: no slot can be started at all.
        """
        ...

    def close(self) -> None:
        """End every process and remove every folder that this sandbox made."""
        ...
