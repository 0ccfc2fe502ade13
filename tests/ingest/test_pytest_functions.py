"""Plain pytest functions are translated to unittest and judged as pytest would; what can't be is a drop reason."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import UnitTest
from judge.protocol import Job, Judged, Limits, Sandbox
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.pytest_functions import convert_pytest
from tests.ingest.pytest_modules import TESTS

PROGRAM = """\
class Negative(ValueError):
    pass


def root(x, step=1):
    if x < 0:
        raise Negative(f"negative: {x}")
    return x ** 0.5


class Stack:
    def __init__(self, items=()):
        self.items = list(items)

    def push(self, item):
        self.items.append(item)
        return len(self.items)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of one slot."""
    with closing(open_sandbox(SandboxSettings(jobs=1, reruns=0))) as sandbox:
        yield sandbox


def judge(sandbox: Sandbox, tests: str, code: str = PROGRAM) -> Judged:
    """Translate tests and judge a program by them."""
    entry_point, fields = convert_pytest(tests)
    job = Job("1", code, "", entry_point, UnitTest.model_validate(fields), Limits(cpu_s=5))
    (judged,) = sandbox.judge([job])
    return judged


@pytest.mark.parametrize("case", TESTS)
def test_translated_tests_pass_a_right_program_and_fail_a_wrong_one(sandbox: Sandbox, case: str) -> None:
    tests, count = TESTS[case]
    judged = judge(sandbox, tests)
    assert (judged.verdict, len(judged.tests)) == ("passed", count), judged.feedback
    wrong = PROGRAM.replace("** 0.5", "- 7").replace("raise Negative", "return (").replace("len(self.items)", "-1")
    assert judge(sandbox, tests, wrong).verdict != "passed"


FAILING = {
    "no exception": (
        """
import pytest
from solution import root
def test_a():
    with pytest.raises(ValueError):
        root(1)
"""
    ),
    "another message": (
        """
import pytest
from solution import root
def test_a():
    with pytest.raises(ValueError, match='zero'):
        root(-1)
"""
    ),
    "another exception": (
        """
import pytest
from solution import root
def test_a():
    with pytest.raises(KeyError):
        root(-1)
"""
    ),
    "fail": (
        """
import pytest
from solution import root
def test_a():
    pytest.fail('always')
"""
    ),
    "one parameter of two": (
        """
import pytest
from solution import root
@pytest.mark.parametrize('x', [4, 5])
def test_a(x):
    assert root(x) == 2
"""
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_pytest_fails_fails_here(sandbox: Sandbox, case: str) -> None:
    assert judge(sandbox, FAILING[case]).verdict in ("failed", "error")


def test_a_module_of_unittest_stays_as_it_is() -> None:
    code = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(f())\n"
    assert convert_pytest(code) == (None, {"kind": "unittest", "code": code})


def test_the_entry_point_is_the_one_name_that_is_imported() -> None:
    assert convert_pytest("from solution import root\ndef test_a(): assert root(4) == 2")[0] == "root"
    assert convert_pytest("from solution import a, b\ndef test_a(): assert a() == b()")[0] is None


UNTRANSLATABLE: dict[str, tuple[str, str]] = {
    "pytest's own fixture": ("def test_a(tmp_path): assert tmp_path", "unsupported_tests"),
    "captured output": ("def test_a(capsys): assert capsys.readouterr()", "unsupported_tests"),
    "async": ("async def test_a(): assert True", "unsupported_tests"),
    "a patch": ("from unittest.mock import patch\n@patch('solution.x')\ndef test_a(m): assert m", "unsupported_tests"),
    "xfail": ("import pytest\n@pytest.mark.xfail\ndef test_a(): assert f()", "unsupported_tests"),
    "indirect parameters": (
        """
import pytest
@pytest.mark.parametrize('x', [1], indirect=True)
def test_a(x): assert x
""",
        "unsupported_tests",
    ),
    "a fixture with parameters": (
        """
import pytest
@pytest.fixture(params=[1])
def x(request): return 1
def test_a(x): assert x
""",
        "unsupported_tests",
    ),
    "fixtures that take each other": (
        """
import pytest
@pytest.fixture
def x(y): pass
@pytest.fixture
def y(x): pass
def test_a(x): assert x
""",
        "unsupported_tests",
    ),
    "every test skipped": ("import pytest\n@pytest.mark.skip\ndef test_a(): assert f()", "no_tests"),
    "no tests": ("def check(f): assert f()", "no_tests"),
    "no Python": ("def test_a(:", "bad_tests"),
}


@pytest.mark.parametrize("case", UNTRANSLATABLE)
def test_what_the_judge_has_not_is_a_reason(case: str) -> None:
    code, reason = UNTRANSLATABLE[case]
    with pytest.raises(UnusableRecordError) as error:
        convert_pytest(code)
    assert (error.value.reason, bool(error.value.detail)) == (reason, True)
