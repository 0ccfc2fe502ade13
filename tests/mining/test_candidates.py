from pathlib import PurePosixPath

import pytest

from tasks.mining.candidates import Candidate, borrowed, candidates, generated, skipped, stated_licence
from tasks.settings import MineSettings
from tests.mining.conftest import CODE

BODY = "    found = []\n    for x in items:\n        if x:\n            found.append(x)\n    return found\n"


def found(code: str) -> list[Candidate]:
    return list(candidates(code, MineSettings()) or ())


@pytest.mark.parametrize("name", CODE)
def test_self_contained_code_is_a_candidate(name: str) -> None:
    [one] = found(CODE[name])
    assert (one.name, one.reason, one.kind) == (name, None, "class" if name == "Tally" else "function")
    assert one.code.strip() in CODE[name]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("async def f00(items):\n" + BODY, "async", id="async"),
        pytest.param("@app.route('/')\ndef f00(items):\n" + BODY, "decorated", id="a decorator that changes meaning"),
        pytest.param("def f00(items): return [x for x in items if x]", "too_short", id="one line"),
        pytest.param("def f00(items):\n" + "    items = items[1:]\n" * 60 + BODY, "too_long", id="long"),
        pytest.param("def f00():\n    items = [1]\n" + BODY, "parameters", id="no parameter"),
        pytest.param("def f00(a, b, c, d, e, g, items):\n" + BODY, "parameters", id="seven parameters"),
        pytest.param("def f00(*items):\n    q = 1\n" + BODY, "parameters", id="only varargs"),
        pytest.param("def f00(a, *items):\n" + BODY, "not_plain", id="varargs"),
        pytest.param("def f00(items, kind=_MISSING):\n" + BODY, "not_plain", id="a default that is no literal"),
        pytest.param("def f00(items: Request):\n" + BODY, "not_plain", id="a type of the package's own"),
        pytest.param("def f00(items) -> Response:\n" + BODY, "not_plain", id="a result of the package's own"),
        pytest.param("def f00(items, key):\n    items = key(items)\n" + BODY, "not_plain", id="a parameter called"),
        pytest.param("def f00(items):\n    items = items.body\n" + BODY, "not_plain", id="an attribute no builtin has"),
        pytest.param("def f00(items):\n    for x in items:\n        q = x\n        yield q\n", "not_plain", id="yield"),
        pytest.param("def f00(items):\n    for x in items:\n        if x:\n            x[0] = 1\n", "returns_nothing"),
        pytest.param(
            "def f00(items):\n    def inner(x):\n        if x:\n            return 1\n        return 2\n    inner(1)\n",
            "returns_nothing", id="only an inner function returns",
        ),
        pytest.param("def f00(a, b):\n    a += 1\n    b += 1\n    c = a\n    return c\n", "trivial", id="no decision"),
        pytest.param("def f00(a):\n\n\n    return [x for x in a]\n", "trivial", id="hardly anything"),
        pytest.param("def f00(items):\n    items = helper(items)\n" + BODY, "not_self_contained", id="a helper"),
        pytest.param("import os\ndef f00(items):\n    os.mkdir('x')\n" + BODY, "not_self_contained", id="files"),
        pytest.param("def f00(items):\n    import socket\n" + BODY, "not_self_contained", id="an import within"),
        pytest.param("from .a import b\ndef f00(items):\n    b()\n" + BODY, "not_self_contained", id="relative import"),
        pytest.param("def f00(items):\n    items = open(items)\n" + BODY, "not_self_contained", id="open"),
        pytest.param("import datetime\ndef f00(items):\n    datetime.now()\n" + BODY, "not_self_contained", id="clock"),
        pytest.param("def f00(items):\n    a = " + "+".join("1" * 1500) + "\n" + BODY, "too_deep", id="a long sum"),
        pytest.param("def sum(items):\n" + BODY, "builtin_name", id="named like a builtin"),
        pytest.param("def f00(items):\n    # Copied from a blog\n" + BODY, "borrowed", id="from elsewhere"),
        pytest.param("class Fault(Exception):\n    def a(self):\n        return 1\n", "bases", id="derived class"),
        pytest.param("class Abc:\n    def a(self): return 1\n" + "    x = 1\n" * 9, "methods", id="no __init__"),
        pytest.param(
            "class Abc:\n    def __init__(self): pass\n    def a(self): return 1\n" + "    x = 1\n" * 9, "methods",
            id="one method",
        ),
    ],
)  # fmt: skip
def test_other_code_is_left_out_for_a_reason(code: str, reason: str) -> None:
    [one] = found(code)
    assert one.reason == reason


def test_private_names_tests_and_main_are_no_candidates() -> None:
    names = ("_f00", "__f00__", "test_f00", "TestF00", "main", "f0")
    assert found("".join(f"def {name}(items):\n{BODY}" for name in names)) == []


def test_of_two_definitions_of_a_name_the_last_counts() -> None:
    [one] = found(f"def f00(a):\n    return a\ndef f00(items):\n{BODY}")
    assert one.line == 3


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("items", "def f00(items):"),
        ("items: Optional[List[str]] = None", "def f00(items: list[str] | None=None):"),
        ("items: 'Iterable[t.Any]', /, n: int = 3", "def f00(items: list[object], /, n: int=3):"),
        ("items: Mapping[str, Union[int, None]], *, k='a'", "def f00(items: dict[str, int | None], *, k='a'):"),
        ("items: typing.Literal['a', 'b'] = 'a'", "def f00(items: str='a'):"),
    ],
)
def test_a_signature_speaks_of_builtin_types_alone(given: str, shown: str) -> None:
    [one] = found(f"def f00({given}):\n{BODY}")
    assert (one.reason, one.signature) == (None, shown)


def test_the_signature_of_a_class_lists_its_public_methods() -> None:
    [one] = found(CODE["Tally"])
    assert one.signature == (
        "class Tally:\n    def __init__(self, limit=10):\n    def add(self, word):\n    def best(self):"
    )


def test_what_python_can_not_read_has_no_candidates() -> None:
    assert candidates("def f(:\n", MineSettings()) is None
    assert candidates("print 'two'\n", MineSettings()) is None


@pytest.mark.parametrize(
    ("path", "is_skipped"),
    [
        ("kit/text.py", False), ("kit/__init__.py", False), ("kit/tests/text.py", True), ("setup.py", True),
        ("kit/_vendor/six.py", True), ("kit/test_text.py", True), ("kit/a_pb2.py", True), (".tox/a.py", True),
    ],
)  # fmt: skip
def test_tests_vendored_and_made_files_are_skipped(path: str, is_skipped: bool) -> None:
    assert skipped(PurePosixPath(path)) == is_skipped


def test_a_files_head_says_where_it_comes_from() -> None:
    assert generated("# Generated by protoc. DO NOT EDIT!\n") and not generated("import autogenerate\n")
    assert borrowed('"""Vendored from six."""\n') and not borrowed("import six\n")
    assert stated_licence("# SPDX-License-Identifier: GPL-3.0-only\n") == "GPL-3.0-only"
    assert stated_licence("import re\n") is None
