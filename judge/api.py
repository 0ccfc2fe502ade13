"""Judge one program by a function call, or open a `Judge` for many."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from os import PathLike
from typing import Literal

from pydantic import ValidationError

from judge.calibration import Calibration, RunIsolation
from judge.errors import ArgumentError, SandboxSettingError
from judge.factory import SandboxSettings, open_sandbox
from judge.isolation import Unreferenced, choose_isolation
from judge.problems import Asserts, Calls, Check, Checker, JudgedTests, Stdio, UnitTest
from judge.protocol import Job, Judged, Limits, Sandbox

KINDS = (Asserts, Check, Stdio, Calls, Checker, UnitTest)
EXPECTED_TESTS = f"a list of assert statements or one of {', '.join(kind.__name__ for kind in KINDS)}"


class Judge:
    """A sandbox that stays open for many programs; closes everything that it started when its block ends.

    >>> from judge import Judge
    >>> with Judge(jobs=1, reruns=0) as judge:
    ...     for code in ("def add(a, b): return a + b", "def add(a, b): return a - b"):
    ...         print(judge.judge(code, tests=["assert add(1, 2) == 3"]).verdict)
    passed
    failed
    """

    def __init__(
        self,
        *,
        backend: Literal["auto", "docker", "bubblewrap"] = "auto",
        image: str | None = None,
        docker_host: str | None = None,
        jobs: int | None = None,
        limits: Limits | None = None,
        packages: str | PathLike[str] | None = None,
        preload: Sequence[str] = (),
        reruns: int = 1,
        controls: int = 3,
        control_all: bool = False,
        unreferenced: Unreferenced = "tests",
    ) -> None:
        """Open the sandbox; the processes of a slot start with its first job.

        Args:
            backend: `auto` takes Docker where a daemon answers, else bubblewrap.
            image: for Docker, an image that is already here and has Python 3.11 or newer as python3; None binds this
                machine's interpreter into an empty one.
            docker_host: socket of the Docker daemon, `unix:///var/run/docker.sock`; None for DOCKER_HOST or that one.
            jobs: programs at one time; None for twice the number of CPUs.
            limits: what a program may use unless its own call says otherwise; None for `Limits()`.
            packages: a virtual environment, or a folder that `pip install --target` filled, for programs to use.
            preload: modules that are imported once and not for every program: `["numpy"]`.
            reruns: how often a program that passed is run again, to find flaky ones.
            controls: runs with one expected value changed that confirm a pass where tests and program share a process.
            control_all: confirm every pass in this way.
            unreferenced: how problems without a reference are judged; `tests` decides by the text of their tests.

        Raises:
            SandboxSettingError: a setting is wrong.
            SandboxError: no backend is usable on this machine; the message says how to get one.
        """
        values = {
            "backend": backend, "image": image, "docker_host": docker_host, "jobs": jobs, "limits": limits or Limits(),
            "packages": packages, "preload": preload, "reruns": reruns, "controls": controls,
            "control_all": control_all, "unreferenced": unreferenced,
        }  # fmt: skip
        try:
            settings = SandboxSettings.model_validate(values)
        except ValidationError as error:
            raise _explain_setting(error) from None
        self._limits = settings.limits
        self._sandbox = open_sandbox(settings)
        self._calibrated: tuple[object, Calibration] | None = None

    @property
    def backend(self) -> str:
        """`bubblewrap` or `docker`."""
        return self._sandbox.backend

    def judge(
        self,
        code: str,
        tests: Sequence[str] | JudgedTests,
        *,
        entry_point: str | None = None,
        context: str = "",
        limits: Limits | None = None,
        reference: str | None = None,
        isolation: RunIsolation | None = None,
    ) -> Judged:
        """Judge one program; arguments and errors as of the function `judge`, but the sandbox is already open.

        The reference of the last call is judged only once.
        """
        job = _new_job(code, tests, entry_point, context, limits or self._limits, isolation)
        if reference is not None:
            key = (reference, job.tests.model_dump_json(), entry_point, context, isolation)
            if self._calibrated is None or self._calibrated[0] != key:
                self._calibrated = key, _calibrate(self._sandbox, job, reference)
            job = job.calibrated_by(self._calibrated[1])
        (judged,) = self._sandbox.judge([job])
        return judged

    def judge_jobs(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        """Judge many programs side by side, yielding in order of completion; `job_id` says whose verdict it is.

        Jobs are taken only as slots come free, so `jobs` may be a generator of any length.

        >>> from judge import Asserts, Job, Judge, Limits
        >>> tests = Asserts(asserts=["assert add(1, 2) == 3"])
        >>> programs = {"sum": "def add(a, b): return a + b", "product": "def add(a, b): return a * b"}
        >>> with Judge(reruns=0) as judge:
        ...     jobs = [Job(name, code, "", "add", tests, Limits()) for name, code in programs.items()]
        ...     sorted((judged.job_id, judged.verdict) for judged in judge.judge_jobs(jobs))
        [('product', 'failed'), ('sum', 'passed')]
        """
        return self._sandbox.judge(jobs)

    def close(self) -> None:
        """End every process and remove every folder of the sandbox."""
        self._sandbox.close()

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def judge(
    code: str,
    tests: Sequence[str] | JudgedTests,
    *,
    entry_point: str | None = None,
    context: str = "",
    limits: Limits | None = None,
    reference: str | None = None,
    isolation: RunIsolation | None = None,
) -> Judged:
    """Run one program against its tests in a sandbox that is opened for it, and return the verdict with its evidence.

    >>> from judge import judge
    >>> judge("def add(a, b): return a + b", tests=["assert add(1, 2) == 3"]).verdict
    'passed'

    Tests that need Python's own meaning of the program's objects run in one process with it, and a pass is confirmed
    by runs with another expected value:

    >>> dog = "class Dog:\\n    name = 'Rex'"
    >>> judged = judge(dog, tests=["assert Dog().name == 'Rex'"], reference=dog, isolation="native")
    >>> judged.verdict, judged.isolation, judged.evidence["controls"]
    ('passed', 'native', 3)
    >>> liar = "class Any(str):\\n    def __eq__(self, other): return True\\nclass Dog:\\n    name = Any()"
    >>> judged = judge(liar, tests=["assert Dog().name == 'Rex'"], isolation="native")
    >>> judged.verdict, judged.flags
    ('failed', ('tampered',))

    Args:
        code: the program; nothing of it runs outside the sandbox.
        tests: assert statements, each one test; or Asserts, Check, Stdio, Calls, Checker or UnitTest.
        entry_point: name of the function that the tests call; Check, Calls and a Checker of calls need it.
        context: code that stands before the program, such as imports and helpers.
        limits: what the program may use; None for `Limits()`.
        reference: a program that is right, if one is known. It decides how the tests are run, and what is normal.
        isolation: `separate` processes or `native`, one; None lets the reference or, without one, the tests decide.

    Returns:
        `.verdict`, `.tests` (one result per test), `.feedback` (the first failing test in words) and the evidence. The
        verdict is `infra` where the sandbox's own machinery failed.

    Raises:
        ArgumentError: an argument has the wrong shape.
        SandboxError: no backend is usable on this machine; the message says how to get one.
    """
    job = _new_job(code, tests, entry_point, context, limits or Limits(), isolation)
    with closing(open_sandbox(SandboxSettings(jobs=1))) as sandbox:
        if reference is not None:
            job = job.calibrated_by(_calibrate(sandbox, job, reference))
        (judged,) = sandbox.judge([job])
    return judged


def _calibrate(sandbox: Sandbox, job: Job, reference: str) -> Calibration:
    """Judge the reference of a job's problem; raises ArgumentError where it does not pass."""
    judged = choose_isolation(sandbox, replace(job, code=reference))
    if judged.verdict != "passed":
        why = judged.feedback.splitlines()
        problem = f"reference: expected a program that passes the tests, got {judged.verdict}: {'; '.join(why[:3])}"
        raise ArgumentError(problem, fix="correct the reference or the tests, or pass none", argument="reference")
    return judged.calibration or Calibration()


def _new_job(
    code: object, tests: object, entry_point: object, context: object, limits: object, isolation: object
) -> Job:
    """Check the arguments of one program, which untyped callers get wrong, and put its job together."""
    if not isinstance(code, str):
        raise _wrong_type("code", "the program's text", code, 'pass its source, as in "def add(a, b): return a + b"')
    if not isinstance(context, str):
        raise _wrong_type("context", "code that stands before the program", context, 'pass "" for none')
    if not isinstance(limits, Limits):
        raise _wrong_type("limits", "Limits", limits, "pass Limits(cpu_s=5), for instance")
    if entry_point is not None and not isinstance(entry_point, str):
        raise _wrong_type("entry_point", "the name of a function", entry_point, 'pass it as text, as in "add"')
    checked_tests = _check_tests(tests)
    calls = isinstance(checked_tests, Check | Calls) or (isinstance(checked_tests, Checker) and checked_tests.calls)
    if calls and not entry_point:
        kind = type(checked_tests).__name__
        raise ArgumentError(
            f"entry_point: expected the name of the function that {kind} calls, got {entry_point!r}",
            fix='name it, as in entry_point="add"', argument="entry_point",
        )  # fmt: skip
    if isolation not in ("separate", "native", None):
        raise ArgumentError(
            f"isolation: expected 'separate', 'native' or None, got {isolation!r}",
            fix="pass None to let the tests decide", argument="isolation",
        )  # fmt: skip
    return Job("program", code, context, entry_point, checked_tests, limits, isolation=isolation)


def _check_tests(tests: object) -> JudgedTests:
    if isinstance(tests, KINDS):
        return tests
    if isinstance(tests, str):
        raise ArgumentError(
            f"tests: expected {EXPECTED_TESTS}, got one string",
            fix=f"put the statement into a list: tests=[{_quote(tests)}]", argument="tests",
        )  # fmt: skip
    if not isinstance(tests, Sequence):
        raise _wrong_type("tests", EXPECTED_TESTS, tests, 'pass tests=["assert add(1, 2) == 3"], for instance')
    statements = tuple(tests)
    for statement in statements:
        if not isinstance(statement, str):
            raise _wrong_type(
                "tests", "assert statements as text", statement, "pass one kind of tests, or a list of strings"
            )
    if not statements:
        raise ArgumentError(
            "tests: expected at least one assert statement, got none",
            fix='pass tests=["assert add(1, 2) == 3"], for instance', argument="tests",
        )  # fmt: skip
    return Asserts(asserts=statements)


def _wrong_type(argument: str, expected: str, value: object, fix: str) -> ArgumentError:
    problem = f"{argument}: expected {expected}, got {type(value).__name__}"
    return ArgumentError(problem, fix=fix, argument=argument)


def _quote(text: str) -> str:
    quoted = f'"{text}"' if '"' not in text and text.isprintable() and "\\" not in text else repr(text)
    return quoted if len(quoted) <= 80 else "..."


def _explain_setting(error: ValidationError) -> SandboxSettingError:
    first = error.errors(include_url=False)[0]
    setting = ".".join(str(part) for part in first["loc"])
    expected = first["msg"][0].lower() + first["msg"][1:]
    return SandboxSettingError(f"{setting}: {expected}, got {first['input']!r}", setting=setting)
