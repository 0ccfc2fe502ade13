"""Judge untrusted programs: code and tests in, a verdict with its evidence out.

>>> from judge import judge
>>> result = judge("def add(a, b): return a - b", tests=["assert add(1, 2) == 3"])
>>> result.verdict
'failed'
>>> print(result.feedback)
Test: assert add(1, 2) == 3
Result: failed
got -1, expected 3

`Verdict` lists every verdict, `Flag` every mark that a verdict can carry:

>>> from typing import get_args
>>> from judge import Flag, Verdict
>>> print(*get_args(Verdict))
passed failed error exited timeout memory output processes files no_code infra
>>> print(*get_args(Flag))
tampered flaky opaque checker
"""

from judge.api import Judge, judge
from judge.calibration import Calibration
from judge.errors import ArgumentError, AuditError, JudgeError, SandboxError, SandboxSettingError
from judge.problems import Asserts, Call, Calls, Check, Checker, CheckerCase, Stdio, StdioCase, UnitTest
from judge.protocol import Flag, Job, Judged, Limits, TestResult, Verdict

__all__ = [
    "ArgumentError",
    "Asserts",
    "AuditError",
    "Calibration",
    "Call",
    "Calls",
    "Check",
    "Checker",
    "CheckerCase",
    "Flag",
    "Job",
    "Judge",
    "JudgeError",
    "Judged",
    "Limits",
    "SandboxError",
    "SandboxSettingError",
    "Stdio",
    "StdioCase",
    "TestResult",
    "UnitTest",
    "Verdict",
    "judge",
]
