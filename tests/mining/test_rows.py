from typing import cast

import pytest

from storage.rows import SeedRow
from storage.tables import PROBLEMS, SEEDS
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.records import build_problem
from tasks.mining.rows import problem_of_task, shorten_docstring
from tasks.reading.problem import Problem, problem_row
from tests.builders import row
from tests.mining.conftest import CODE


def seed(commit: str | None = None) -> SeedRow:
    columns = {
        "package": "kit", "version": "1.2", "path": "kit/a.py", "line": 7, "name": "f00", "kind": "function",
        "source": "kits", "signature": "def f00(x):", "licence": "MIT", "commit": commit,
    }  # fmt: skip
    return cast(SeedRow, row(SEEDS, **columns))


def test_a_prompt_shows_the_first_paragraph_of_a_docstring() -> None:
    code = 'def f(x):\n    """Say\n    it.\n\n    Args:\n        x: a thing\n    """\n    return x\n'
    assert shorten_docstring(code) == 'def f(x):\n    """Say it."""\n    return x'
    assert shorten_docstring(CODE["count_runs"]) == CODE["count_runs"].rstrip()
    assert shorten_docstring('def f(x): "say"; return x\n') == 'def f(x): "say"; return x'
    decorated = '@cache\ndef f(x):\n    "say"\n    return x\n'
    assert shorten_docstring(decorated) == '@cache\ndef f(x):\n    """say"""\n    return x'


@pytest.mark.parametrize(
    ("commit", "origin"),
    [
        pytest.param(None, "kit 1.2 kit/a.py:7", id="a package"),
        pytest.param("abc", "kit 1.2 kit/a.py:7 (abc)", id="a checkout"),
    ],
)
def test_a_problem_names_the_origin_and_licence_of_its_seed(commit: str | None, origin: str) -> None:
    problem = problem_of_task(seed(commit), "Return it.", 0)
    assert (problem.origin, problem.licence, problem.source) == (origin, "MIT", "kits")
    assert problem.source_id == "kit:kit/a.py:f00"
    assert problem_of_task(seed(), "Return it.", 2).source_id == "kit:kit/a.py:f00#2"
    assert set(problem_row(problem, 16)) == set(PROBLEMS.schema.names)


def test_a_problem_without_tests_is_refused_from_files() -> None:
    problem = problem_of_task(seed(), "Return it.", 0)
    assert Problem.model_validate(problem.model_dump()) == problem
    with pytest.raises(UnusableRecordError, match="comes with its tests") as error:
        build_problem(problem.model_dump())
    assert error.value.reason == "no_tests"
