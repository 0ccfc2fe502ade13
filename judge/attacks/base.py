"""What an attack is, and what many of them share."""

from dataclasses import dataclass
from typing import Literal

from judge.problems import Asserts, Calls, Check, Stdio, StdioCase, UnitTest
from judge.protocol import Answers, Flag, Limits, Verdict

Group = Literal[
    "ends early", "flips the code", "lies when compared", "attacks the codec", "reads the answer", "changes the judge",
    "forges output", "eats the machine", "outlives its run", "attacks the host", "fakes speed", "hides its CPU time",
    "games the grader", "honest but awkward",
]  # fmt: skip
Tests = Asserts | Check | Stdio | Calls | UnitTest | Answers

ADD = Asserts(kind="asserts", asserts=("assert add(1, 2) == 3", "assert add(-4, 9) == 5"))
TIGHT = Limits(cpu_s=2.0, wall_s=120.0, memory_mib=128, processes=16, output_kib=1024, files_mib=8, inodes=64)
MARK = "patchmill-was-here"
"""What programs call the files and sockets that they try to leave outside."""

WRONG = "def add(a, b): return a - b\n"
LIAR = """
class Liar{base}:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
"""


@dataclass(frozen=True)
class Attack:
    """One program and the verdicts it may get: wrong, or up to what it must not do, unless it is expected to pass."""

    name: str
    group: Group
    code: str
    expected: tuple[Verdict, ...]
    tests: Tests = ADD
    limits: Limits = TIGHT
    flag: Flag | None = None
    """A flag that the verdict must carry."""
    entry: str | None = "add"
    least_cpu_ms: float = 0.0
    """CPU time that it is known to use, and that the judge must have seen."""


def several(
    group: Group,
    expected: tuple[Verdict, ...],
    programs: dict[str, str],
    tests: Tests = ADD,
    limits: Limits = TIGHT,
    flag: Flag | None = None,
) -> tuple[Attack, ...]:
    """Programs, by name, of which the same is expected."""
    return tuple(Attack(name, group, code, expected, tests, limits, flag) for name, code in programs.items())


def asserts(*statements: str, setup: str = "") -> Asserts:
    """Statements of which each is one test."""
    return Asserts(kind="asserts", asserts=statements, setup=setup)


def unit(body: str, head: str = "import unittest") -> UnitTest:
    """A module with one method that holds one statement, and one that tells right from wrong."""
    return UnitTest(kind="unittest", code=f"""{head}
class T(unittest.TestCase):
    def test_a(self):
        {body}
    def test_b(self):
        self.assertEqual(add(-4, 9), 5)
""")  # fmt: skip


def stdio(given: str, wanted: str) -> Stdio:
    """One case, the whole output of which is compared."""
    return Stdio(kind="stdio", cases=(StdioCase(input=given, output=wanted),))
