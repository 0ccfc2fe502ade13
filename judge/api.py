"""Judge one program by a function call, or open a `Judge` for many."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from os import PathLike
from typing import Literal

from pydantic import ValidationError

from judge.errors import ArgumentError, SandboxSettingError
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts, Calls, Check, JudgedTests, Stdio, UnitTest
from judge.protocol import Job, Judged, Limits

KINDS = (Asserts, Check, Stdio, Calls, UnitTest)
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
        shared: bool = False,
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
            shared: judge again, in one process with its tests, a program whose answer cannot cross between processes.

        Raises:
            SandboxSettingError: a setting is wrong.
            SandboxError: no backend is usable on this machine; the message says how to get one.
        """
        values = {
            "backend": backend, "image": image, "docker_host": docker_host, "jobs": jobs, "limits": limits or Limits(),
            "packages": packages, "preload": preload, "reruns": reruns, "shared": shared,
        }  # fmt: skip
        try:
            settings = SandboxSettings.model_validate(values)
        except ValidationError as error:
            raise _explain_setting(error) from None
        self._limits = settings.limits
        self._sandbox = open_sandbox(settings)

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
    ) -> Judged:
        """Judge one program; arguments and errors as of the function `judge`, but the sandbox is already open."""
        (judged,) = self._sandbox.judge([_new_job(code, tests, entry_point, context, limits or self._limits)])
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
) -> Judged:
    """Run one program against its tests in a sandbox that is opened for it, and return the verdict with its evidence.

    >>> from judge import judge
    >>> judge("def add(a, b): return a + b", tests=["assert add(1, 2) == 3"]).verdict
    'passed'

    Args:
        code: the program; nothing of it runs outside the sandbox.
        tests: assert statements, each one test; or Asserts, Check, Stdio, Calls or UnitTest.
        entry_point: name of the function that the tests call; Check and Calls need it.
        context: code that stands before the program, such as imports and helpers.
        limits: what the program may use; None for `Limits()`.

    Returns:
        `.verdict`, `.tests` (one result per test), `.feedback` (the first failing test in words) and the evidence. The
        verdict is `infra` where the sandbox's own machinery failed.

    Raises:
        ArgumentError: an argument has the wrong shape.
        SandboxError: no backend is usable on this machine; the message says how to get one.
    """
    job = _new_job(code, tests, entry_point, context, limits or Limits())
    with closing(open_sandbox(SandboxSettings(jobs=1))) as sandbox:
        (judged,) = sandbox.judge([job])
    return judged


def _new_job(code: object, tests: object, entry_point: object, context: object, limits: object) -> Job:
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
    if isinstance(checked_tests, Check | Calls) and not entry_point:
        kind = type(checked_tests).__name__
        raise ArgumentError(
            f"entry_point: expected the name of the function that {kind} calls, got {entry_point!r}",
            fix='name it, as in entry_point="add"', argument="entry_point",
        )  # fmt: skip
    return Job("program", code, context, entry_point, checked_tests, limits)


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
