"""The errors that the judge raises. What a candidate program does wrong is never one of these: it is a verdict."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.audit import AttackResult
    from judge.backends.base import SandboxCheck


class JudgeError(Exception):
    """Base of the judge's errors: catch this one to catch them all.

    Attributes:
        problem: what was tried, and what happened instead.
        fix: what to do about it; empty where no remedy is known.

    >>> from judge import JudgeError, judge
    >>> try:
    ...     judge("def add(a, b): return a + b", tests=[])
    ... except JudgeError as error:
    ...     print(error.problem)
    tests: expected at least one assert statement, got none
    """

    def __init__(self, problem: str, *, fix: str = "") -> None:
        super().__init__(f"{problem}; fix: {fix}" if fix else problem)
        self.problem, self.fix = problem, fix


class ArgumentError(JudgeError, ValueError):
    """An argument of `judge` or `Judge.judge` is wrong; the message says what was expected. Catch it as ValueError too.

    Attributes:
        argument: its name.

    >>> from judge import ArgumentError, judge
    >>> try:
    ...     judge("def add(a, b): return a + b", tests="assert add(1, 2) == 3")
    ... except ArgumentError as error:
    ...     print(error.argument, "->", error.fix)
    tests -> put the statement into a list: tests=["assert add(1, 2) == 3"]
    """

    def __init__(self, problem: str, *, fix: str = "", argument: str = "") -> None:
        super().__init__(problem, fix=fix)
        self.argument = argument


class SandboxError(JudgeError):
    """The sandbox cannot be started, or its machinery failed; this says nothing about the program that was in it.

    Catch it where a run may go on without verdicts, or be tried again later.

    Attributes:
        checks: the failed checks of the machine, each with its own fix; empty where the error came later.

    >>> from judge import Judge, SandboxError
    >>> try:
    ...     Judge(backend="docker", docker_host="unix:///no/such/socket")
    ... except SandboxError as error:
    ...     print([check.name for check in error.checks])
    ['docker daemon']
    """

    def __init__(self, problem: str, *, fix: str = "", checks: Sequence["SandboxCheck"] = ()) -> None:
        super().__init__(problem, fix=fix)
        self.checks = tuple(checks)


class SandboxSettingError(JudgeError):
    """A setting of the sandbox is wrong (a folder of packages, an image's name): the caller must change it.

    Attributes:
        setting: its name.

    >>> from judge import Judge, SandboxSettingError
    >>> try:
    ...     Judge(backend="bubblewrap", packages="/no/such/folder")
    ... except SandboxSettingError as error:
    ...     print(error.setting, "->", error.problem)
    packages -> packages: no folder /no/such/folder
    """

    def __init__(self, problem: str, *, fix: str = "", setting: str = "") -> None:
        super().__init__(problem, fix=fix)
        self.setting = setting


class AuditError(JudgeError):
    """The sandbox gave a program of the audit a wrong verdict, so that none of its verdicts can be trusted.

    Attributes:
        backend: the sandbox's backend.
        results: the attacks that got a wrong verdict or left something behind.

    >>> from judge import AuditError
    >>> error = AuditError("1 of 224 programs got a wrong verdict", fix="judge nothing", backend="bubblewrap")
    >>> error.backend, error.results
    ('bubblewrap', ())
    """

    def __init__(
        self, problem: str, *, fix: str = "", backend: str = "", results: Sequence["AttackResult"] = ()
    ) -> None:
        super().__init__(problem, fix=fix)
        self.backend, self.results = backend, tuple(results)
