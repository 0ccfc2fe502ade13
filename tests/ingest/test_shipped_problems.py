"""The problems in configs/problems; tests/test_references.py judges their references."""

import ast
from collections import Counter

import pytest

from judge.problems import Asserts, Calls, Check, Checker, Stdio, Tests, UnitTest, Untested
from tasks.reading.problem import Problem
from tests.ingest.sources import ROOT, Read


@pytest.fixture
def shipped(read: Read) -> list[Problem]:
    """The shipped problems."""
    problems, drops = read(kind="jsonl", path=ROOT / "configs" / "problems")
    assert drops == []
    return problems


def test_there_are_at_least_forty_in_three_levels_of_one_file_each(shipped: list[Problem]) -> None:
    levels = Counter(problem.source_id.split("/")[0] for problem in shipped)
    files = {file.stem for file in (ROOT / "configs" / "problems").glob("*.jsonl")}
    assert len(shipped) >= 40
    assert set(levels) == files == {"easy", "medium", "hard"}
    assert min(levels.values()) >= 10


def test_all_five_kinds_of_tests_are_in_use_at_every_level(shipped: list[Problem]) -> None:
    kinds = {(problem.source_id.split("/")[0], problem.tests.kind) for problem in shipped}
    assert len(kinds) == 15


def test_ids_and_prompts_are_all_different(shipped: list[Problem]) -> None:
    for field in ("problem_id", "source_id", "prompt"):
        assert len({getattr(problem, field) for problem in shipped}) == len(shipped), field


def test_they_name_patchmill_as_source_and_its_licence(shipped: list[Problem]) -> None:
    assert {(p.source, p.licence, p.origin) for p in shipped} == {("patchmill", "Apache-2.0", "configs/problems")}


def test_every_one_has_a_reference_that_defines_what_the_prompt_names(shipped: list[Problem]) -> None:
    for problem in shipped:
        tree = ast.parse(problem.reference or "")
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        if problem.tests.kind == "stdio":
            assert problem.entry_point is None
            assert "Input:" in problem.prompt and "Output:" in problem.prompt, problem.source_id
        else:
            assert problem.entry_point in defined
            assert f"`{problem.entry_point}" in problem.prompt, problem.source_id


def list_cases(tests: Tests) -> list[object]:
    """The single tests: asserts, cases, assert statements of a check, or test methods of a module."""
    match tests:
        case Asserts():
            return list(tests.asserts)
        case Stdio() | Calls() | Checker():
            return list(tests.cases)
        case Check():
            return [node for node in ast.walk(ast.parse(tests.code)) if isinstance(node, ast.Assert)]
        case UnitTest():
            nodes = ast.walk(ast.parse(tests.code))
            return [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test")]
        case Untested():
            return []


def test_every_one_has_at_least_four_different_tests(shipped: list[Problem]) -> None:
    for problem in shipped:
        cases = list_cases(problem.tests)
        assert len(cases) >= 4, problem.source_id
        assert len({repr(case) for case in cases}) == len(cases), problem.source_id


def test_no_test_depends_on_chance_time_or_network(shipped: list[Problem]) -> None:
    for problem in shipped:
        if isinstance(problem.tests, Check | UnitTest):
            nodes = ast.walk(ast.parse(problem.tests.code))
            imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
            assert {alias.name for node in imports for alias in node.names} <= {"unittest"}, problem.source_id
