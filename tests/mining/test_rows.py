import pytest

from storage.tables import PROBLEMS, SEEDS
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.records import build_problem
from tasks.mining.rows import brief, problem, problem_row
from tasks.reading.problem import Problem
from tests.builders import row
from tests.mining.conftest import CODE

SEED = row(SEEDS, package="kit", version="1.2", path="kit/a.py", line=7, name="f00", kind="function", source="kits",
           signature="def f00(x):", licence="MIT")  # fmt: skip


def test_a_prompt_shows_the_first_paragraph_of_a_docstring() -> None:
    code = 'def f(x):\n    """Say\n    it.\n\n    Args:\n        x: a thing\n    """\n    return x\n'
    assert brief(code) == 'def f(x):\n    """Say it."""\n    return x'
    assert brief(CODE["count_runs"]) == CODE["count_runs"].rstrip()
    assert brief('def f(x): "say"; return x\n') == 'def f(x): "say"; return x'
    assert brief('@cache\ndef f(x):\n    "say"\n    return x\n') == '@cache\ndef f(x):\n    """say"""\n    return x'


@pytest.mark.parametrize(("commit", "origin"), [(None, "kit 1.2 kit/a.py:7"), ("abc", "kit 1.2 kit/a.py:7 (abc)")])
def test_a_problem_says_where_its_seed_stood(commit: str | None, origin: str) -> None:
    made = problem({**SEED, "commit": commit}, "Return it.", 0)
    assert (made.origin, made.licence, made.source, made.source_id) == (origin, "MIT", "kits", "kit:kit/a.py:f00")
    assert problem(SEED, "Return it.", 2).source_id == "kit:kit/a.py:f00#2"
    assert {*problem_row(made), "bucket"} == set(PROBLEMS.schema.names)


def test_a_problem_without_tests_is_refused_from_files() -> None:
    made = problem(SEED, "Return it.", 0)
    assert Problem.model_validate(made.model_dump()) == made
    with pytest.raises(UnusableRecordError, match="comes with its tests") as caught:
        build_problem(made.model_dump())
    assert caught.value.reason == "no_tests"
