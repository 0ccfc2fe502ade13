"""What a job's processes are given, and which tests must have an answer."""

import ast
from typing import Any

from judge.problems import Asserts, Calls, Check, Stdio, UnitTest
from judge.protocol import Answers, Job


def program(job: Job) -> dict[str, Any]:
    """What the candidate's process takes."""
    return {"code": job.code, "context": job.context, "main": isinstance(job.tests, Stdio)}


def expected(job: Job) -> list[str]:
    """Every test that must pass, by the name its result carries. For unittest the driver's own plan comes first."""
    match job.tests:
        case Asserts(asserts=asserts):
            return list(asserts)
        case Check():
            return ["check"]
        case Calls(cases=calls):
            return [f"case {n}" for n in range(1, len(calls) + 1)]
        case Stdio(cases=stdio):
            return [f"case {n}" for n in range(1, len(stdio) + 1)]
        case UnitTest(code=code):
            return _methods(code)
        case Answers(calls=texts):
            return [f"call {n}" for n in range(1, len(texts) + 1)] or ["load"]


def tests(job: Job) -> dict[str, Any]:
    """What the driver's process takes; never asked for a stdio job."""
    given: dict[str, Any] = {**job.tests.model_dump(mode="json"), "entry": job.entry_point}
    if isinstance(job.tests, UnitTest):
        given["methods"] = _methods(job.tests.code)
    return given


def _methods(code: str) -> list[str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return ["unittest"]
    found = [
        f"{node.name}.{part.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name.startswith("test")
    ]
    return found or ["unittest"]
