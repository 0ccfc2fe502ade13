"""Derive from a job the payloads of its processes, and the tests that must have an answer."""

import ast

from judge.inside.payload import ProgramPayload
from judge.problems import Asserts, Calls, Check, Checker, Stdio, UnitTest, has_streams
from judge.protocol import Answers, Job

Payload = dict[str, object]
"""Values that travel to a process as JSON."""


def program_payload(job: Job) -> ProgramPayload:
    """Return the payload of the candidate's process."""
    return {"code": job.code, "context": job.context, "main": has_streams(job.tests)}


def tests_payload(job: Job) -> Payload:
    """Return the payload of the driver's process; a stdio job has none."""
    if isinstance(job.tests, Checker):  # the checker itself runs in a process of its own
        return {"kind": "checker", "entry": job.entry_point, "cases": _write_cases(job.tests)}
    payload: Payload = {**job.tests.model_dump(mode="json"), "entry": job.entry_point}
    if isinstance(job.tests, UnitTest):
        payload["methods"] = _find_methods(job.tests.code)
    return payload


def expected_tests(job: Job) -> list[str]:
    """Return every test that must pass, by the name of its result; for unittest, the driver's own plan replaces it."""
    match job.tests:
        case Asserts(asserts=asserts):
            return list(asserts)
        case Check():
            return ["check"]
        case Calls() | Stdio() | Checker():
            return [f"case {n}" for n in range(1, len(job.tests.cases) + 1)]
        case UnitTest(code=code):
            return _find_methods(code)
        case Answers(calls=texts):
            return [f"call {n}" for n in range(1, len(texts) + 1)] or ["load"]


def _write_cases(tests: Checker) -> list[dict[str, object]]:
    cases: list[dict[str, object]] = tests.model_dump(mode="json")["cases"]
    return [{"args": case.get("args", []), "kwargs": case.get("kwargs", {})} for case in cases]


def _find_methods(code: str) -> list[str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return ["unittest"]
    methods = [
        f"{node.name}.{part.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name.startswith("test")
    ]
    return methods or ["unittest"]
