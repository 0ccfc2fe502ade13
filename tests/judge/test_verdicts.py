"""Every verdict, for every kind of tests, with its evidence and its messages."""

# ruff: noqa: E501 (programs and cases are data, one a line; the odd digits are the point)

import pytest

from judge.problems import Call, Calls, Check, JudgedTests, Stdio, StdioCase, UnitTest
from tests.judge.running import Run, RunAdd, asserts

SLEEP = "import time\ndef add(a, b): time.sleep(60)"
PROGRAMS = {
    "passed": "def add(a, b): return a + b",
    "failed": "def add(a, b): return a - b",
    "error": "def add(a, b):\n    return a / 0",
    "exited": "import os\ndef add(a, b): os._exit(0)",
    "timeout": "def add(a, b):\n    while True: pass",
    "memory": "def add(a, b): return len(bytearray(10**9))",
    "output": "def add(a, b):\n    print('x' * 2_000_000)\n    return a + b",
    "processes": "import threading, time\ndef add(a, b):\n    for _ in range(14 + 20):\n"
    "        try: threading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n"
    "        except RuntimeError: pass\n    return a + b",
    "files": "def add(a, b):\n    try:\n        with open('x', 'wb') as f: f.write(bytes(20 << 20))\n"
    "    except OSError: pass\n    return a + b",
    "no_code": "  \n",
}


@pytest.mark.parametrize("verdict", PROGRAMS)
def test_each_verdict_has_a_program_that_gets_it(add: RunAdd, verdict: str) -> None:
    row = add(PROGRAMS[verdict])
    assert row.verdict == verdict, row
    assert bool(row.feedback) is (verdict != "passed")
    assert row.isolation == ("none" if verdict == "no_code" else "separate")


def test_evidence_is_measured_from_outside(add: RunAdd) -> None:
    row = add("x = [0] * 4_000_000\ndef add(a, b):\n    for _ in range(3_000_000): pass\n    return a + b")
    assert row.verdict == "passed"
    assert row.cpu_ms > 20 and row.wall_ms > 20 and row.peak_mib > 35
    assert row.evidence["cgroup"] in ("v1", "v2", "none") and row.evidence["retries"] == 0


def test_sleepers_are_ended_by_the_wall_clock(add: RunAdd) -> None:
    row = add(SLEEP, wall_s=0.5)
    assert row.verdict == "timeout" and 400 < row.wall_ms < 4000 and row.cpu_ms < 200


def test_a_message_names_exception_line_and_source(judge: Run) -> None:
    row = judge("def f(a):\n    return a / 0\n", "assert f(1) == 1", "assert f(2) == 2")
    assert (row.exception_type, row.exception_message) == ("ZeroDivisionError", "division by zero")
    assert "line 2: return a / 0" in row.tests[0].message and "line 2: return a / 0" in row.feedback


def test_a_message_names_got_and_expected(judge: Run) -> None:
    row = judge("def f(a): return [a]", "assert f(1) == [2]", "assert [3] == f(4)", "assert f(5) == [5]")
    assert [t.verdict for t in row.tests] == ["failed", "failed", "passed"]
    assert [t.message for t in row.tests[:2]] == ["got [1], expected [2]", "got [4], expected [3]"]
    assert "1 of 3 tests passed" in row.feedback


def test_signal_of_a_crash_is_recorded(add: RunAdd) -> None:
    row = add("import ctypes\ndef add(a, b): return ctypes.string_at(0)")
    assert (row.verdict, row.signal) == ("exited", 11)


def test_tests_after_a_limit_get_its_verdict(judge: Run) -> None:
    row = judge("def f(a):\n    while a: pass", "assert f(0) is None", "assert f(1)", "assert f(2)", cpu_s=0.3)
    assert [t.verdict for t in row.tests] == ["passed", "timeout", "timeout"]
    assert row.tests[2].message.startswith("not run")


def test_syntax_error_is_an_error_of_every_test(judge: Run) -> None:
    row = judge("def f(a:\n    return a", "assert f(0) == 0", "assert f(1) == 1")
    assert [t.verdict for t in row.tests] == ["error", "error"] and row.exception_type == "SyntaxError"


STDIO = Stdio(cases=(StdioCase(input="1 2\n", output="3"), StdioCase(input="2 2\n", output="4\n")))
CALLS = Calls(cases=(Call(args=(1, 2), expected=3), Call(kwargs={"a": 2, "b": 2}, expected=4)))
CHECK = Check(
    code="def check(candidate):\n    assert candidate(1, 2) == 3\n    for n in range(3):\n        assert candidate(n, n) == 2 * n, 'doubles'\n",
)
UNIT = UnitTest(
    code="import unittest\nfrom solution import add as plus\nclass TestAdd(unittest.TestCase):\n"
    "    def test_small(self): self.assertEqual(add(1, 2), 3)\n"
    "    def test_other(self):\n        self.assertEqual(plus(2, 2), 4)\n"
    "        with self.assertRaises(TypeError): add(1, 'a')\n",
)
ASSERTS = asserts("assert add(1, two) == 3", "assert add(two, two) == 4", setup="two = 2")
RIGHT, WRONG = "def add(a, b): return a + b", "def add(a, b): return a + b - (a == b == 2)"
MAIN = "a, b = map(int, input().split())\n"
KINDS: dict[str, tuple[JudgedTests, str, str, int]] = {
    "asserts": (ASSERTS, RIGHT, WRONG, 2), "check": (CHECK, RIGHT, WRONG, 1), "calls": (CALLS, RIGHT, WRONG, 2),
    "unittest": (UNIT, RIGHT, WRONG, 2),
    "stdio": (STDIO, MAIN + "print(a + b)", MAIN + "print(a + b - (a == b))", 2),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tests_passes_right_and_fails_wrong_programs(judge: Run, kind: str) -> None:
    tests, right, wrong, count = KINDS[kind]
    row = judge(right, tests, entry="add")
    assert row.verdict == "passed" and len(row.tests) == count, row
    row = judge(wrong, tests, entry="add")
    assert row.verdict == "failed" and [t.verdict for t in row.tests].count("failed") == 1, row


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_without_the_function_never_passes(judge: Run, kind: str) -> None:
    row = judge("x = 1", KINDS[kind][0], entry="add")
    assert row.verdict in ("failed", "error") and all(t.verdict != "passed" for t in row.tests)


def test_feedback_of_each_kind_shows_what_was_asked(judge: Run) -> None:
    assert "add(a=2, b=2)" in judge(WRONG, CALLS, entry="add").feedback
    assert "assert candidate(n, n) == 2 * n, 'doubles'" in judge(WRONG, CHECK, entry="add").feedback
    assert "self.assertEqual(plus(2, 2), 4)" in judge(WRONG, UNIT).feedback
    assert "'2 2\\n'" in judge(KINDS["stdio"][2], STDIO).feedback


def test_feedback_is_the_same_every_time(judge: Run) -> None:
    code = "class A: pass\ndef f(a): return [{'b', 'a', 'c', str(A())}, A()]"
    texts = {judge(code, "assert f(1) == 2", "assert f(1)[0] == 2").feedback for _ in range(4)}
    assert len(texts) == 1 and "0x" not in texts.pop().replace("0x...", "")


def test_unittest_classes_and_their_exceptions(judge: Run) -> None:
    code = (
        "class BankError(Exception):\n    def __init__(self, left):\n        super().__init__(f'left {left}')\n        self.left = left\n"
        "class Poor(BankError): pass\n"
        "class Account:\n    def __init__(self, money=0): self.money = money\n"
        "    def take(self, n):\n        if n > self.money: raise Poor(self.money)\n        self.money -= n\n        return self\n"
        "    def __len__(self): return self.money\n    def __getitem__(self, i): return i * 2\n"
        "    def __enter__(self): return self\n    def __exit__(self, *e): self.money = 0\n"
        "    def __eq__(self, o): return self.money == o.money\n    def __add__(self, o): return Account(self.money + o.money)\n"
    )
    tests = UnitTest(code="""
import unittest
class T(unittest.TestCase):
    def setUp(self): self.a = Account(5)
    def test_state(self):
        self.a.take(2)
        self.assertEqual(self.a.money, 3)
        self.a.money = 9
        self.assertEqual(len(self.a), 9)
        self.assertEqual(self.a[4], 8)
        self.assertIsInstance(self.a, Account)
        self.assertTrue(hasattr(self.a, 'take') and not hasattr(self.a, 'give'))
    def test_error(self):
        with self.assertRaises(BankError) as caught: self.a.take(6)
        self.assertEqual(caught.exception.left, 5)
        self.assertEqual(str(caught.exception), 'left 5')
        self.assertRaises(Poor, self.a.take, 7)
    def test_equal(self):
        self.assertEqual(Account(1), Account(1))
        self.assertNotEqual(Account(1), Account(2))
        self.assertEqual(Account(1) + Account(2), Account(3))
    def test_with(self):
        with self.a as b: self.assertEqual(b.money, 5)
        self.assertEqual(self.a.money, 0)
""")  # fmt: skip
    row = judge(code, tests)
    assert row.verdict == "passed" and len(row.tests) == 4, row
    assert row.isolation == "native" and row.evidence["controls"], row


@pytest.mark.parametrize(
    "imports", ["from solution import *", "import solution\nadd = solution.add", "from solution import add"]
)
def test_tests_may_import_the_solution(judge: Run, imports: str) -> None:
    case = f"import unittest\n{imports}\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(add(1, 2), 3)\n"
    assert judge(RIGHT, UnitTest(code=case)).verdict == "passed"
    assert judge("def add(a, b): return a", UnitTest(code=case)).verdict == "failed"


def test_globals_that_no_test_uses_do_no_harm(judge: Run) -> None:
    code = RIGHT + "\ncycle = []\ncycle.append(cycle)\nhuge = list(range(10**6))\nsmall = [1, 2]\n"
    case = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual((add(1, 2), small, len(huge)), (3, [1, 2], 10**6))\n"
    assert judge(code, UnitTest(code=case)).verdict == "passed"


@pytest.mark.parametrize("test", ["while True: pass", "f(1)\nwhile True: pass"])
def test_tests_that_never_end_are_stopped_and_the_slot_goes_on(judge: Run, test: str) -> None:
    row = judge("def f(n): return n", test, cpu_s=0.5, wall_s=1.0)
    assert row.verdict == "timeout"
    assert judge("def f(n): return n", "assert f(1) == 1").verdict == "passed"


def test_context_stands_before_the_program(judge: Run) -> None:
    row = judge(
        "def f(): return helper() + 1", "assert f() == 2", "assert helper() == 1", context="def helper(): return 1"
    )
    assert row.verdict == "passed"
