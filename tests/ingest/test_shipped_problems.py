"""The problems in configs/problems; that the sandbox passes their references is tested where the sandbox is."""

import ast
from collections import Counter

import pytest

from tests.ingest.conftest import ROOT


@pytest.fixture
def shipped(ingest):
    problems, dropped = ingest(kind="jsonl", path=ROOT / "configs" / "problems")
    assert dropped == []
    return problems


def test_there_are_at_least_forty_in_three_levels_of_one_file_each(shipped) -> None:
    levels = Counter(problem.source_id.split("/")[0] for problem in shipped)
    files = {file.stem for file in (ROOT / "configs" / "problems").glob("*.jsonl")}
    assert len(shipped) >= 40
    assert set(levels) == files == {"easy", "medium", "hard"}
    assert min(levels.values()) >= 10


def test_all_five_kinds_of_tests_are_in_use_at_every_level(shipped) -> None:
    kinds = {(problem.source_id.split("/")[0], problem.tests.kind) for problem in shipped}
    assert len(kinds) == 15


def test_ids_and_prompts_are_all_different(shipped) -> None:
    for field in ("problem_id", "source_id", "prompt"):
        assert len({getattr(problem, field) for problem in shipped}) == len(shipped), field


def test_they_are_ours_and_say_so(shipped) -> None:
    assert {(p.source, p.licence, p.origin) for p in shipped} == {("patchmill", "Apache-2.0", "configs/problems")}


def test_every_one_has_a_reference_that_defines_what_the_prompt_names(shipped) -> None:
    for problem in shipped:
        tree = ast.parse(problem.reference)
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        if problem.tests.kind == "stdio":
            assert problem.entry_point is None
            assert "Input:" in problem.prompt and "Output:" in problem.prompt, problem.source_id
        else:
            assert problem.entry_point in defined
            assert f"`{problem.entry_point}" in problem.prompt, problem.source_id


def _how_many(tests) -> int:
    if tests.kind in ("asserts", "stdio", "calls"):
        return len(tests.asserts if tests.kind == "asserts" else tests.cases)
    tree = ast.parse(tests.code)
    if tests.kind == "check":
        return sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test") for node in ast.walk(tree))


def test_every_one_has_at_least_four_different_tests(shipped) -> None:
    for problem in shipped:
        assert _how_many(problem.tests) >= 4, problem.source_id
        if problem.tests.kind in ("asserts", "stdio", "calls"):
            cases = problem.tests.asserts if problem.tests.kind == "asserts" else problem.tests.cases
            assert len({repr(case) for case in cases}) == len(cases), problem.source_id


def test_no_test_depends_on_chance_time_or_network(shipped) -> None:
    allowed = {"unittest"}
    for problem in shipped:
        if problem.tests.kind in ("check", "unittest"):
            nodes = [
                node
                for node in ast.walk(ast.parse(problem.tests.code))
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            assert {alias.name for node in nodes for alias in node.names} <= allowed, problem.source_id
