"""The public Python API of Patchmill: judge programs, and read a lake of examples.

>>> from patchmill import judge
>>> judge("def add(a, b): return a + b", tests=["assert add(1, 2) == 3"]).verdict
'passed'

Names of the lake are imported when they are first used. Everything that the judge raises is a `JudgeError`, everything
else a `PatchmillError`: a `ConfigError` if the caller must change something, a `LakeError` if the lake cannot be read.

>>> from patchmill import ConfigError, LakeError, PatchmillError, load_examples
>>> try:
...     load_examples("no-such-lake", "debugging_sft")
... except ConfigError as error:
...     print(error)
no-such-lake: no lake there; create one with `patchmill run CONFIG`
>>> issubclass(ConfigError, PatchmillError), issubclass(LakeError, PatchmillError)
(True, True)
"""

from importlib import import_module
from typing import TYPE_CHECKING

from judge import (
    ArgumentError,
    Asserts,
    AuditError,
    Call,
    Calls,
    Check,
    Checker,
    CheckerCase,
    Flag,
    Job,
    Judge,
    Judged,
    JudgeError,
    Limits,
    SandboxError,
    SandboxSettingError,
    Stdio,
    StdioCase,
    TestResult,
    UnitTest,
    Verdict,
    judge,
)
from storage.errors import ConfigError, LakeError, PatchmillError

if TYPE_CHECKING:
    from storage.examples import load_examples
    from storage.lake import Lake, LakeSettings

__all__ = [
    "ArgumentError",
    "Asserts",
    "AuditError",
    "Call",
    "Calls",
    "Check",
    "Checker",
    "CheckerCase",
    "ConfigError",
    "Flag",
    "Job",
    "Judge",
    "JudgeError",
    "Judged",
    "Lake",
    "LakeError",
    "LakeSettings",
    "Limits",
    "PatchmillError",
    "SandboxError",
    "SandboxSettingError",
    "Stdio",
    "StdioCase",
    "TestResult",
    "UnitTest",
    "Verdict",
    "judge",
    "load_examples",
]

_LAZY = {"Lake": "storage.lake", "LakeSettings": "storage.lake", "load_examples": "storage.examples"}
"""Modules that import DuckDB, Arrow and Delta Lake, which judging a program does not need."""


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
