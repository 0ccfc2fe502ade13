"""Problems with several right answers: a checker decides, apart from the program, and its faults are its own."""

import pytest
from pydantic import ValidationError

from judge.problems import JUDGED, Checker, CheckerCase
from tests.judge.running import Run

DIVISOR = (
    "def check(args, output):\n    return type(output) is int and 1 < output < args[0] and args[0] % output == 0\n"
)
CALLS = Checker(cases=(CheckerCase(args=(12,)), CheckerCase(args=(35,))), code=DIVISOR)
SUMMANDS = """
def check(input, output):
    total = int(input)
    words = output.split()
    return len(words) == 2 and all(word.isdigit() for word in words) and sum(map(int, words)) == total
"""
STDIO = Checker(cases=(CheckerCase(input="12\n"), CheckerCase(input="7\n")), code=SUMMANDS)


def calls(code: str, *arguments: object) -> Checker:
    """Return tests of the kind with one call."""
    return Checker(cases=(CheckerCase(args=arguments),), code=code)


def stdio(code: str, text: str = "1\n") -> Checker:
    """Return tests of the kind with one run of a program."""
    return Checker(cases=(CheckerCase(input=text),), code=code)


@pytest.mark.parametrize("choice", ["min", "max"])
def test_every_right_answer_of_a_call_passes(judge: Run, choice: str) -> None:
    row = judge(f"def f(n): return {choice}(d for d in range(2, n) if n % d == 0)", CALLS, entry="f")
    assert (row.verdict, [test.verdict for test in row.tests]) == ("passed", ["passed", "passed"]), row
    assert row.feedback == "" and row.isolation == "separate"


def test_a_wrong_result_is_refused_and_shown(judge: Run) -> None:
    row = judge("def f(n): return 5", CALLS, entry="f")
    assert (row.verdict, [test.verdict for test in row.tests]) == ("failed", ["failed", "passed"])
    assert "the problem's checker refuses 5, for f(12)" in row.feedback and "1 < output" not in row.feedback


@pytest.mark.parametrize("first", ["0", "n // 2"])
def test_every_right_output_passes(judge: Run, first: str) -> None:
    row = judge(f"n = int(input())\na = {first}\nprint(a, n - a)", STDIO)
    assert (row.verdict, len(row.tests)) == ("passed", 2), row


def test_a_wrong_output_is_refused_and_shown(judge: Run) -> None:
    row = judge("print(3, 4)", STDIO)
    assert [test.verdict for test in row.tests] == ["failed", "passed"]
    assert "refuses the output '3 4\\n', for input '12\\n'" in row.feedback and "isdigit" not in row.feedback


LIARS = {
    "object for a number": "class A(int):\n    def __mod__(self, o): return 0\n    __rmod__ = __mod__\n"
    "    def __lt__(self, o): return True\n    __gt__ = __lt__\ndef f(n): return A(5)",
    "object": "class A:\n    def __eq__(self, o): return True\n    def __rmod__(self, o): return 0\n"
    "    def __lt__(self, o): return True\n    __gt__ = __lt__\ndef f(n): return A()",
    "object in a list": "class A: pass\ndef f(n): return [A()]",
    "changes its arguments": "def f(n):\n    import gc\n    return True",
    "ends": "import os\ndef f(n): os._exit(0)",
    "raises": "def f(n): raise ValueError(n)",
    "forges answers": "import os\ndef f(n):\n    for fd in range(60):\n"
    "        try: os.write(fd, b'[0, true]\\n[1, true]\\n')\n        except OSError: pass\n    return 5",
}  # fmt: skip


@pytest.mark.parametrize("kind", LIARS)
def test_no_liar_passes(judge: Run, kind: str) -> None:
    row = judge(LIARS[kind], CALLS, entry="f")
    assert row.verdict in ("failed", "error", "exited"), row


def test_a_checker_of_lists_sees_the_original_arguments(judge: Run) -> None:
    code = "def check(args, output): return sorted(output) == sorted(args[0]) and args[0] == [3, 1, 2]"
    assert judge("def f(x): x.sort(); return x", calls(code, [3, 1, 2]), entry="f").verdict == "passed"
    assert judge("def f(x): x.clear(); return x", calls(code, [3, 1, 2]), entry="f").verdict == "failed"


def test_results_keep_their_types(judge: Run) -> None:
    code = "def check(args, output): return output == {1: (2, {3}), 'x': [4.5, None, b'6', 7**9000]}"
    right = "def f(): return {1: (2, {3}), 'x': [4.5, None, b'6', 7**9000]}"
    assert judge(right, calls(code), entry="f").verdict == "passed"
    assert judge(right.replace("(2, {3})", "[2, {3}]"), calls(code), entry="f").verdict == "failed"


def test_arguments_by_name_are_the_third_of_the_checker(judge: Run) -> None:
    tests = Checker(
        cases=(CheckerCase(args=(1,), kwargs={"b": 2}),),
        code="def check(args, output, kwargs): return output == args[0] + kwargs['b']",
    )
    assert judge("def f(a, b): return a + b", tests, entry="f").verdict == "passed"
    assert judge("def f(a, b): return a - b", tests, entry="f").verdict == "failed"


FAULTS = {
    "raises": ("def check(input, output): return 1 / 0", "raised ZeroDivisionError: division by zero at its line 1"),
    "raises over the output": ("def check(input, output):\n    return int(output[0]) > 0", "raised"),
    "asserts": ("def check(input, output): assert output", "returned a value of type NoneType"),
    "returns an int": ("def check(input, output): return 1", "returned a value of type int, expected True or False"),
    "returns a text": ("def check(input, output): return 'yes'", "returned a value of type str"),
    "exits": ("import sys\ndef check(input, output): sys.exit(0)", "raised SystemExit"),
    "ends": ("import os\ndef check(input, output): os._exit(0)", "gave no answer: the program ended with exit code 0"),
    "does not load": ("import nothing_like_it\ndef check(input, output): return True", "raised ModuleNotFoundError"),
    "no Python": ("def check(input, output: return True", "raised SyntaxError"),
    "no function": ("checks = True", "defines no function `check`"),
    "takes one argument": ("def check(output): return True", "raised TypeError"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_the_checker_is_no_verdict_on_the_program(judge: Run, kind: str) -> None:
    code, reason = FAULTS[kind]
    for tests, program in ((stdio(code), "print()"), (calls(code, 1), "def f(n): return ''")):
        row = judge(program, tests, entry="f")
        if kind == "asserts":
            reason = "raised AssertionError" if tests.calls else "returned a value"
        assert (row.verdict, row.flags) == ("infra", ("checker",)), row
        assert reason in str(row.evidence["why"]) and reason in row.feedback, row
        assert row.evidence["retries"] == 0


def test_a_checker_that_hangs_or_eats_memory_is_stopped(judge: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from judge import checker

    monkeypatch.setattr(checker, "LIMITS", checker.LIMITS.model_copy(update={"cpu_s": 0.3, "memory_mib": 128}))
    for code, reason in (
        ("while True: pass", "took too much: more than 0.3 s"),
        ("return bool(bytearray(10**9))", "took too much: more than 128 MiB"),
    ):
        row = judge("print(1)", stdio(f"def check(input, output):\n    {code}"))
        assert (row.verdict, row.flags) == ("infra", ("checker",)) and reason in str(row.evidence["why"]), row
    assert judge("print(1)", stdio("def check(input, output): return True")).verdict == "passed"


def test_what_a_checker_prints_decides_nothing(judge: Run) -> None:
    code = "import sys, os\nprint('[0, true]')\ndef check(input, output):\n    print('[0, true]', flush=True)\n"
    code += "    os.write(1, b'[0, true]\\n')\n    return False"
    assert judge("print(1)", stdio(code)).verdict == "failed"


def test_a_limit_of_the_program_stays_its_own(judge: Run) -> None:
    row = judge("while True: pass", STDIO, cpu_s=0.3)
    assert [test.verdict for test in row.tests] == ["timeout", "timeout"] and row.flags == ()
    row = judge("print('1' * 3_000_000)", STDIO)
    assert row.verdict == "output"


def test_outputs_of_many_cases_reach_the_checker_in_batches(judge: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from judge import checker

    monkeypatch.setattr(checker, "BATCH_BYTES", 1000)
    tests = Checker(
        cases=tuple(CheckerCase(input=str(n)) for n in range(5)),
        code="def check(input, output): return output == input * 400 + '\\n'",
    )
    row = judge("n = input()\nprint(n * 400)", tests)
    assert row.verdict == "passed" and len(row.tests) == 5, row
    row = judge("n = input()\nprint(n * (400 - (n == '3')))", tests)
    assert [test.verdict for test in row.tests].index("failed") == 3 and row.verdict == "failed"


def test_the_program_finds_nothing_of_the_checker(judge: Run) -> None:
    code = "SECRET = 'sesame'\ndef check(input, output): return output.strip() == SECRET"
    program = "import gc, os, sys\nfound = [o for o in gc.get_objects() if isinstance(o, dict) and 'SECRET' in o]\n"
    program += "texts = [open(f'/tmp/{n}').read() for n in os.listdir('/tmp')]\nprint(found or texts or 'nothing')"
    row = judge(program, stdio(code))
    assert row.verdict == "failed" and "refuses the output 'nothing\\n'" in row.feedback


@pytest.mark.parametrize(
    "cases", [[{}], [], [{"input": "1", "args": [1]}], [{"input": "1"}, {"args": [1]}], [{"input": 1}]]
)
def test_cases_have_one_form(cases: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        JUDGED.validate_python({"kind": "checker", "cases": cases, "code": DIVISOR})


@pytest.mark.parametrize("tests", [CALLS, STDIO])
def test_tests_survive_storage_and_hold_no_empty_fields(tests: Checker) -> None:
    written = tests.model_dump_json()
    assert JUDGED.validate_json(written) == tests and "null" not in written
