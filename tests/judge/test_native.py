"""Tests and program in one process: honest programs pass, and none that follows the expected value does."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.factory import SandboxSettings, open_sandbox
from judge.isolation import choose_isolation
from judge.problems import Asserts, Call, Calls, Check, JudgedTests, UnitTest
from judge.protocol import Job, Judged, Limits, Sandbox

LIMITS = Limits(cpu_s=3.0, wall_s=20.0)
HONEST = "def add(a, b): return a + b\n"
TESTS: dict[str, JudgedTests] = {
    "asserts": Asserts(asserts=("assert add(1, 2) == 3", "assert add(20, 5) == 25", "assert add(-4, -5) == -9")),
    "check": Check(
        code="def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(20, 5) == 25\n"
        "    assert candidate(-4, -5) == -9\n"
    ),
    "calls": Calls(cases=(Call(args=(1, 2), expected=3), Call(args=(20, 5), expected=25))),
    "unittest": UnitTest(
        code="import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(add(1, 2), 3)\n"
        "    def test_b(self): self.assertTrue(add(20, 5) == 25)\n"
    ),
}
EQUAL = "class E(int):\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
FIND = """
import gc, re, sys
def expected(a, b):
    for value in gc.get_objects():
        if type(value) is dict and value.get('kind') in ('asserts', 'check', 'calls', 'unittest'):
            for case in value.get('cases', ()):
                if case['args'] == [a, b]: return case['expected']
            text = value.get('code') or '\\n'.join(value.get('asserts', ()))
            found = re.search(r'\\(%d, %d\\)(?: ==|,) (-?\\d+)' % (a, b), text)
            if found: return int(found[1])
    return 0
"""
REPORT = """
import inspect, json, os, sys
def forge():
    for frame in inspect.stack():
        run = frame.frame.f_locals.get('run') or frame.frame.f_locals.get('self')
        if hasattr(run, '_nonce'): break
    names = run.tests.get('asserts') or run.tests.get('methods') or ['check']
    names = [f'case {n}' for n, _ in enumerate(run.tests['cases'], 1)] if 'cases' in run.tests else names
    for name in names: run.write(test=name, verdict='passed', message='', exception=None)
    run.write(done=True)
    os._exit(0)
"""
LIARS = {
    "equal to everything": EQUAL + "def add(a, b): return E(0)",
    "equal to everything, after one honest call": EQUAL + "calls = []\ndef add(a, b):\n    calls.append(1)\n"
    "    return 3 if len(calls) == 1 else E(0)",
    "reads the tests by gc": FIND + "def add(a, b): return expected(a, b)",
    "reads the tests by frames": """
import re, sys
def add(a, b):
    frame = sys._getframe(1)
    while frame:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            text = str(getattr(value, 'tests', ''))
            found = re.search(r'%d, %d(?:\\)(?: ==|,)|.*?expected.:) (-?\\d+)' % (a, b), text)
            if found: return int(found[1])
        frame = frame.f_back
    return 0
""",
    "leaves in a call": "import os\ndef add(a, b): os._exit(0)",
    "leaves when it is loaded": "import os\nos._exit(0)",
    "leaves from a thread": "import os, threading\nthreading.Timer(0.01, os._exit, (0,)).start()\n"
    "def add(a, b):\n    while True: pass",
    "raises SystemExit": "def add(a, b): raise SystemExit(0)",
    "skips the tests": "import unittest\ndef add(a, b): raise unittest.SkipTest('no')",
    "forges the report": REPORT + "def add(a, b): forge()",
    "forges the report when it is loaded": REPORT + "forge()",
    "guesses the report": "import json, os\nfor name in ('check', 'case 1', 'case 2', 'T.test_a', 'T.test_b'):\n"
    "    os.write(3, json.dumps({'test': name, 'verdict': 'passed', 'message': ''}).encode() + b'\\n')\n"
    "os.write(3, b'{\"done\": true}\\n')\nos._exit(0)",
    "patches the runner": "import sys\nsys.modules['inside.native']._Run.classify = lambda *_: ('passed', '', None)\n"
    "sys.modules['inside.native_unit']._Results._keep = lambda *_: None\ndef add(a, b): return 0",
    "patches the writer": "import sys\nnative = sys.modules['inside.native']\nwrite = native._write\n"
    "native._write = lambda fd, data: write(fd, data.replace(b'failed', b'passed')) and len(data)\n"
    "def add(a, b): return 0",
    "patches JSON": "import json\nencode = json.JSONEncoder.encode\njson.JSONEncoder.encode = lambda self, value:"
    " encode(self, {**value, 'verdict': 'passed'} if 'verdict' in value else value)\ndef add(a, b): return 0",
    "patches unittest": "import unittest\nfor name in dir(unittest.TestCase):\n"
    "    if name.startswith('assert'): setattr(unittest.TestCase, name, lambda *_, **__: None)\n"
    "def add(a, b): return 0",
    "patches the comparison": "import sys\nsys.modules['inside.native'].equals_json = lambda *_: True\n"
    "sys.modules['inside.explain'].explain = None\ndef add(a, b): return 0",
    "patches exec": "import builtins\nbuiltins.exec = sys_exec = lambda *_: None\ndef add(a, b): return 0",
    "jumps over the assert": "import sys\ndef trace(frame, event, value):\n"
    "    if event == 'exception': sys.settrace(None); import os; os._exit(0)\n    return trace\n"
    "def add(a, b):\n    frame = sys._getframe(1)\n    while frame: frame.f_trace = trace; frame = frame.f_back\n"
    "    sys.settrace(trace)\n    return 0",
}


@pytest.fixture(scope="module")
def native() -> Iterator[Callable[..., Judged]]:
    """Judge a program natively: native(code, tests)."""
    with closing(open_sandbox(SandboxSettings(jobs=2))) as sandbox:

        def run(code: str, tests: JudgedTests, **fields: Any) -> Judged:
            job = Job("job", code, "", "add", tests, LIMITS, isolation="native")
            (judged,) = sandbox.judge([replace(job, **fields)])
            return judged

        run.sandbox = sandbox  # type: ignore[attr-defined]
        yield run


@pytest.mark.parametrize("kind", TESTS)
def test_an_honest_program_passes_and_is_controlled(native: Callable[..., Judged], kind: str) -> None:
    judged = native(HONEST, TESTS[kind])
    assert (judged.verdict, judged.flags, judged.isolation, judged.evidence["controls"]) == ("passed", (), "native", 3)


@pytest.mark.parametrize("kind", TESTS)
@pytest.mark.parametrize("name", LIARS)
def test_no_program_passes_that_follows_what_is_expected(native: Callable[..., Judged], name: str, kind: str) -> None:
    judged = native(LIARS[name], TESTS[kind])
    assert judged.verdict not in ("passed", "infra"), judged


FOLLOWERS = ["equal to everything", "reads the tests by frames", "forges the report", "patches the writer"]


@pytest.mark.parametrize("kind", TESTS)
@pytest.mark.parametrize("name", FOLLOWERS)
def test_such_a_program_would_pass_without_controls(name: str, kind: str, uncontrolled: Callable[..., Judged]) -> None:
    """Else these programs would prove nothing."""
    assert uncontrolled(LIARS[name], TESTS[kind]).verdict == "passed"


@pytest.mark.parametrize("name", FOLLOWERS)
def test_the_row_of_a_follower_says_what_it_did(native: Callable[..., Judged], name: str) -> None:
    judged = native(LIARS[name], TESTS["asserts"])
    assert judged.verdict == "failed" and "tampered" in judged.flags
    assert "it follows what the test expects" in str(judged.evidence["tampered"]) and "follows" in judged.feedback


@pytest.fixture(scope="module")
def uncontrolled() -> Iterator[Callable[..., Judged]]:
    """Judge a program natively without controls."""
    with closing(open_sandbox(SandboxSettings(jobs=1, controls=0, reruns=0))) as sandbox:

        def run(code: str, tests: JudgedTests) -> Judged:
            (judged,) = sandbox.judge([Job("job", code, "", "add", tests, LIMITS, isolation="native")])
            return judged

        yield run


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text("aB 7", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xy", max_size=2), inner, max_size=2),
    max_leaves=5,
)
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def make_tests(kind: str, values: list[Any]) -> JudgedTests:
    """Return tests that `add(n)` is the value number n."""
    if kind == "calls":
        return Calls(cases=tuple(Call(args=(n,), expected=value) for n, value in enumerate(values)))
    asserts = [f"add({n}) == {value!r}" for n, value in enumerate(values)]
    if kind == "asserts":
        return Asserts(asserts=tuple(f"assert {text}" for text in asserts))
    if kind == "check":
        return Check(code="def check(candidate):\n" + "".join(f"    assert {text}\n" for text in asserts))
    methods = "".join(
        f"    def test_{n}(self): self.assertEqual(add({n}), {value!r})\n" for n, value in enumerate(values)
    )
    return UnitTest(code=f"import unittest\nclass T(unittest.TestCase):\n{methods}")


@SLOW
@given(st.sampled_from(sorted(TESTS)), st.lists(VALUES, min_size=1, max_size=3))
def test_whatever_is_expected_honest_programs_pass_and_followers_do_not(
    native: Callable[..., Judged], kind: str, values: list[Any]
) -> None:
    tests = make_tests(kind, values)
    honest = native(f"def add(n): return {values!r}[n]", tests)
    assert honest.verdict == "passed" and honest.flags == ()
    assert native(EQUAL + "def add(n): return E(0)", tests).verdict == "failed"


DOG = (
    "class Dog:\n    def __init__(self, name='Rex'): self.name = name\n"
    "    def __eq__(self, other): return self.name == other.name\n"
)
MODULE = UnitTest(
    code="""
import contextlib, io, os, random, unittest
from unittest.mock import patch
import solution
def setUpModule(): global made; made = solution.Dog()
class Base(unittest.TestCase):
    def setUp(self): self.dog = Dog('Bo')
class T(Base):
    def test_state(self): self.assertEqual(made.name, 'Rex'); self.assertIsInstance(made, Dog)
    @unittest.skipIf(True, 'not here')
    def test_skipped(self): self.fail()
    def test_patched(self):
        with patch('solution.Dog', return_value=5): self.assertEqual(solution.make(), 5)
    def test_printed(self):
        with contextlib.redirect_stdout(io.StringIO()) as out: solution.bark()
        self.assertEqual(out.getvalue(), 'Wau\\n')
    def test_parts(self):
        for n in range(3):
            with self.subTest(n=n): self.assertNotEqual(self.dog, made)
    def test_file(self):
        with open('/tmp/dog', 'w') as file: file.write('x')
        self.assertTrue(os.path.exists('/tmp/dog'))
    @unittest.expectedFailure
    def test_broken(self): self.assertEqual(1, 2)
    async def test_coroutine(self): assert self.dog == Dog('Bo')
class A(unittest.IsolatedAsyncioTestCase):
    async def test_async(self): self.assertEqual((await solution.later()).name, 'Rex')
"""
)
MODULE_CODE = DOG + (
    "def make(): return Dog()\ndef bark(): print('Wau')\nasync def later():\n"
    "    import asyncio\n    await asyncio.sleep(0)\n    return Dog()\n"
)


def test_a_module_of_unittest_has_all_of_its_meaning(native: Callable[..., Judged]) -> None:
    judged = native(MODULE_CODE, MODULE)
    assert judged.verdict == "passed" and len(judged.tests) == 9, judged.feedback
    assert next(test.message for test in judged.tests if test.test == "T.test_skipped") == "skipped: not here"


@pytest.mark.parametrize(
    ("old", "new", "test", "message"),
    [
        ("'Rex'", "'Max'", "T.test_state", "'Max' != 'Rex'"),
        ("return self.name == other.name", "return False", "T.test_coroutine", "expected an object"),
        ("print('Wau')", "raise ValueError('x')", "T.test_printed", "ValueError: x"),
        ("return Dog()\ndef", "return None\ndef", "T.test_patched", "None != 5"),
    ],
)
def test_feedback_says_what_a_test_got(
    native: Callable[..., Judged], old: str, new: str, test: str, message: str
) -> None:
    judged = native(MODULE_CODE.replace(old, new), MODULE)
    result = next(result for result in judged.tests if result.test == test)
    assert judged.verdict in ("failed", "error") and result.verdict != "passed"
    assert message in result.message or message == "expected an object"


def test_an_exception_carries_its_type_message_and_line(native: Callable[..., Judged]) -> None:
    judged = native("def add(a, b):\n    x = []\n    return x[a]\n", TESTS["asserts"])
    assert (judged.verdict, judged.exception_type) == ("error", "IndexError")
    assert "at line 3: return x[a]" in judged.feedback


def test_a_failing_assert_says_what_it_got(native: Callable[..., Judged]) -> None:
    assert "got -1, expected 3" in native("def add(a, b): return a - b", TESTS["asserts"]).feedback
    assert "got -1, expected 3 (in the test" in native("def add(a, b): return a - b", TESTS["check"]).feedback


def test_the_library_and_the_context_are_not_the_programs(native: Callable[..., Judged]) -> None:
    shadow = "def sorted(x): return [3]\ndef add(a, b): return []"
    assert native(shadow, Asserts(asserts=("assert sorted(add(1, 2)) == [3]",))).verdict == "failed"
    helper = "def same(a, b): return a == b\n"
    liar = "def same(a, b): return True\ndef add(a, b): return 0"
    assert native(liar, Asserts(asserts=("assert same(add(1, 2), 3)",)), context=helper).verdict == "failed"


@pytest.mark.parametrize(("code", "tests", "isolation"), [
    pytest.param(HONEST, TESTS["asserts"], "separate", id="plain"),
    pytest.param(DOG, Asserts(asserts=("assert Dog('a').__dict__ == {'name': 'a'}",)), "native", id="attributes"),
    pytest.param(MODULE_CODE, MODULE, "native", id="module"),
])  # fmt: skip
def test_a_reference_chooses_the_isolation(
    native: Callable[..., Judged], code: str, tests: JudgedTests, isolation: str
) -> None:
    sandbox: Sandbox = native.sandbox  # type: ignore[attr-defined]
    judged = choose_isolation(sandbox, Job("r", code, "", None, tests, LIMITS))
    assert judged.verdict == "passed" and judged.calibration is not None
    assert judged.calibration.isolation == judged.isolation == isolation
    assert bool(judged.calibration.controls) is (isolation == "native")


def test_a_class_with_equals_of_its_own_is_no_follower(native: Callable[..., Judged]) -> None:
    """A control may borrow the value of another test, which such an object equals, too."""
    code = "class Word(str):\n    def __eq__(self, other): return self.lower() == other.lower()\n"
    code += "class Hour:\n    def __init__(self, n): self.n = n\n"
    code += "    def __eq__(self, n): return (self.n - n) % 2 == 0\n"
    asserts = ("assert Word('ab') == 'AB'", "assert Word('ab') == 'Ab'", "assert Hour(3) == 1", "assert Hour(3) == 5")
    for _ in range(5):
        judged = native(code, Asserts(asserts=asserts))
        assert (judged.verdict, judged.flags) == ("passed", ()), judged
