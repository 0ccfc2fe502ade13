"""The record of an attack, and builders of attacks and their tests."""

from dataclasses import dataclass
from typing import Literal

from judge.problems import Asserts, Calls, Check, Stdio, StdioCase, UnitTest
from judge.protocol import Answers, Flag, Limits, Verdict

Group = Literal[
    "ends early", "flips the code", "lies when compared", "attacks the codec", "reads the answer", "changes the judge",
    "forges output", "eats the machine", "outlives its run", "attacks the host", "fakes speed", "hides its CPU time",
    "games the grader", "honest but awkward",
]  # fmt: skip
AttackTests = Asserts | Check | Stdio | Calls | UnitTest | Answers

ADD = Asserts(kind="asserts", asserts=("assert add(1, 2) == 3", "assert add(-4, 9) == 5"))
TIGHT = Limits(cpu_s=2.0, wall_s=120.0, memory_mib=128, processes=16, output_kib=1024, files_mib=8, inodes=64)
MARK = "patchmill-was-here"
"""Name of the files and sockets that programs try to leave outside the sandbox."""

WRONG = "def add(a, b): return a - b\n"
LIAR = """
class Liar{base}:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
"""


@dataclass(frozen=True)
class Attack:
    """One program, its tests, and the verdicts that are right for it; `passed` only for programs that do no harm."""

    name: str
    group: Group
    code: str
    expected: tuple[Verdict, ...]
    tests: AttackTests = ADD
    limits: Limits = TIGHT
    flag: Flag | None = None
    """Flag that the verdict must carry."""
    entry: str | None = "add"
    least_cpu_ms: float = 0.0
    """CPU time that it uses for sure, and that the judge must measure."""


def make_attacks(
    group: Group,
    expected: tuple[Verdict, ...],
    programs: dict[str, str],
    tests: AttackTests = ADD,
    limits: Limits = TIGHT,
    flag: Flag | None = None,
) -> tuple[Attack, ...]:
    """Return attacks by programs that share everything but their name and code."""
    return tuple(Attack(name, group, code, expected, tests, limits, flag) for name, code in programs.items())


def make_asserts(*statements: str, setup: str = "") -> Asserts:
    """Return tests of which each statement is one."""
    return Asserts(kind="asserts", asserts=statements, setup=setup)


def make_unittest(body: str, head: str = "import unittest") -> UnitTest:
    """Return a module with two methods: one holds the statement `body`, one fails for a wrong `add`."""
    return UnitTest(kind="unittest", code=f"""{head}
class T(unittest.TestCase):
    def test_a(self):
        {body}
    def test_b(self):
        self.assertEqual(add(-4, 9), 5)
""")  # fmt: skip


def make_stdio(stdin: str, stdout: str) -> Stdio:
    """Return tests of one run of a whole program."""
    return Stdio(kind="stdio", cases=(StdioCase(input=stdin, output=stdout),))
