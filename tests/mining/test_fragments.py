from pathlib import PurePosixPath

import pytest

from tasks.mining.fragments import (
    Fragment,
    find_fragments,
    find_spdx_licence,
    is_borrowed,
    is_generated,
    is_skipped,
)
from tasks.mining.settings import MiningSettings
from tests.mining.conftest import CODE

BODY = "    found = []\n    for x in items:\n        if x:\n            found.append(x)\n    return found\n"


def fragments_of(code: str) -> list[Fragment]:
    return list(find_fragments(code, MiningSettings()) or ())


@pytest.mark.parametrize("name", CODE)
def test_self_contained_code_is_a_seed(name: str) -> None:
    [fragment] = fragments_of(CODE[name])
    assert (fragment.name, fragment.reason, fragment.kind) == (name, None, "class" if name == "Tally" else "function")
    assert fragment.code.strip() in CODE[name]


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
        pytest.param("def f00(items, key):\n    items = key(items)\n" + BODY, "not_plain", id="a parameter is called"),
        pytest.param("def f00(items):\n    items = items.body\n" + BODY, "not_plain", id="an attribute no builtin has"),
        pytest.param("def f00(items):\n    for x in items:\n        q = x\n        yield q\n", "not_plain", id="yield"),
        pytest.param(
            "def f00(items):\n    for x in items:\n        if x:\n            x[0] = 1\n", "returns_nothing",
            id="no return",
        ),
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
def test_other_code_is_left_out_with_a_reason(code: str, reason: str) -> None:
    [fragment] = fragments_of(code)
    assert fragment.reason == reason


def test_private_names_tests_and_main_are_no_fragments() -> None:
    names = ("_f00", "__f00__", "test_f00", "TestF00", "main", "f0")
    assert fragments_of("".join(f"def {name}(items):\n{BODY}" for name in names)) == []


def test_the_last_definition_of_a_name_counts() -> None:
    [fragment] = fragments_of(f"def f00(a):\n    return a\ndef f00(items):\n{BODY}")
    assert fragment.line == 3


@pytest.mark.parametrize(
    ("parameters", "header"),
    [
        ("items", "def f00(items):"),
        ("items: Optional[List[str]] = None", "def f00(items: list[str] | None=None):"),
        ("items: 'Iterable[t.Any]', /, n: int = 3", "def f00(items: list[object], /, n: int=3):"),
        ("items: Mapping[str, Union[int, None]], *, k='a'", "def f00(items: dict[str, int | None], *, k='a'):"),
        ("items: typing.Literal['a', 'b'] = 'a'", "def f00(items: str='a'):"),
    ],
)
def test_a_signature_names_builtin_types_only(parameters: str, header: str) -> None:
    [fragment] = fragments_of(f"def f00({parameters}):\n{BODY}")
    assert (fragment.reason, fragment.signature) == (None, header)


def test_the_signature_of_a_class_lists_its_public_methods() -> None:
    [fragment] = fragments_of(CODE["Tally"])
    assert fragment.signature == (
        "class Tally:\n    def __init__(self, limit=10):\n    def add(self, word):\n    def best(self):"
    )


def test_code_that_is_not_python_3_has_no_fragments() -> None:
    assert find_fragments("def f(:\n", MiningSettings()) is None
    assert find_fragments("print 'two'\n", MiningSettings()) is None


@pytest.mark.parametrize(
    ("place", "skipped"),
    [
        ("kit/text.py", False), ("kit/__init__.py", False), ("kit/tests/text.py", True), ("setup.py", True),
        ("kit/_vendor/six.py", True), ("kit/test_text.py", True), ("kit/a_pb2.py", True), (".tox/a.py", True),
    ],
)  # fmt: skip
def test_tests_vendored_and_generated_files_are_skipped(place: str, skipped: bool) -> None:
    assert is_skipped(PurePosixPath(place)) == skipped


def test_the_head_of_a_file_says_where_it_comes_from() -> None:
    assert is_generated("# Generated by protoc. DO NOT EDIT!\n") and not is_generated("import autogenerate\n")
    assert is_borrowed('"""Vendored from six."""\n') and not is_borrowed("import six\n")
    assert find_spdx_licence("# SPDX-License-Identifier: GPL-3.0-only\n") == "GPL-3.0-only"
    assert find_spdx_licence("import re\n") is None
