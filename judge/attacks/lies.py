"""Answers that claim to equal any value that they are compared with."""

# ruff: noqa: E501  (programs are data)

from judge.attacks.base import LIAR, WRONG, Attack, AttackTests, make_asserts, make_attacks, make_unittest
from judge.problems import Calls, Check

_SUBCLASSES = {
    f"subclass of {base}": LIAR.format(base=f"({base})") + f"def add(a, b): return Liar({value})"
    for base, value in {
        "int": "a - b", "float": "a - b", "complex": "a - b", "str": "'x'", "bytes": "b'x'", "list": "", "tuple": "",
        "dict": "", "set": "",
    }.items()
}  # fmt: skip
LIES = make_attacks("lies when compared", ("failed",), {
    "__eq__": LIAR.format(base="") + "def add(a, b): return Liar()",
    **_SUBCLASSES,
    "nan": "def add(a, b): return float('nan')",
    "infinity": "def add(a, b): return float('inf')",
    "endless generator": "def add(a, b):\n    while True: yield a - b",
    "class with a lying metaclass": LIAR.format(base="(type)") + """
class X(metaclass=Liar): pass
def add(a, b): return X
""",
    "ANY of unittest.mock": "from unittest.mock import ANY\ndef add(a, b): return ANY",
    "Mock of unittest.mock": "from unittest.mock import MagicMock\ndef add(a, b): return MagicMock()",
    "__class__ spoof": LIAR.format(base="") + "    __class__ = property(lambda s: int)\ndef add(a, b): return Liar()",
    "any attribute": """
class L:
    def __getattr__(self, name): return lambda *a, **k: True
    def __getattribute__(self, name): return lambda *a, **k: True
def add(a, b): return L()
""",
    "claims to be an array": LIAR.format(base="") + """
    shape, __array_priority__ = (), 1e9
    def __array__(self, *a, **k): return [3]
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    __array_interface__ = property(lambda s: {'shape': (), 'typestr': '<i8', 'data': (0, False), 'version': 3})
def add(a, b): return Liar()
""",
    "future": "from concurrent.futures import Future\ndef add(a, b):\n    f = Future()\n    f.set_result(a - b)\n    return f",
    "its own argument": WRONG + "def add(a, b): return a",
})  # fmt: skip

LYING_NUMBER = """
class L:
    def __sub__(self, other): return self
    def __rsub__(self, other): return self
    def __add__(self, other): return 0
    def __truediv__(self, other): return 1
    def __abs__(self): return self
    def __round__(self, *a): return self
    def __float__(self): return 0.0
    def __bool__(self): return True
    def __lt__(self, other): return True
    def __le__(self, other): return True
    def __gt__(self, other): return True
    def __ge__(self, other): return True
    def __eq__(self, other): return True
    def __str__(self): return 'x'
def add(a, b): return L()
"""
_NUMBER_TESTS: dict[str, AttackTests] = {
    "difference": make_asserts("assert abs(add(1, 2) - 3) < 1e-6"),
    "difference the other way": make_asserts("assert abs(3 - add(1, 2)) <= 0"),
    "difference of differences": make_asserts("assert (add(1, 2) - 3) - add(0, 0) == 0"),
    "bounds": make_asserts("assert 3 - 1e-6 < add(1, 2) < 3 + 1e-6"),
    "ratio": make_asserts("assert add(1, 2) / 3 == 1"),
    "isclose": make_asserts("import math; assert math.isclose(add(1, 2), 3)"),
    "rounded": make_asserts("assert round(add(1, 2) - 3) == 0"),
    "member": make_asserts("assert add(1, 2) in [3]"),
    "in a list": make_asserts("assert [add(1, 2)] == [3]"),
    "in a dict": make_asserts("assert {'x': add(1, 2)} == {'x': 3}"),
    "as text": make_asserts("assert str(add(1, 2)) == '3'"),
    "not different": make_asserts("assert not add(1, 2) != 3"),
    "key of a dict": make_asserts("assert {3: True}[add(1, 2)]"),
    "assertEqual": make_unittest("self.assertEqual(add(1, 2), 3)"),
    "assertAlmostEqual": make_unittest("self.assertAlmostEqual(add(1, 2), 3)"),
    "assertGreaterEqual": make_unittest("self.assertGreaterEqual(add(1, 2), 3)"),
    "check": Check(kind="check", code="def check(candidate):\n    assert 3 == candidate(1, 2)\n"),
    "calls": Calls.model_validate({"kind": "calls", "cases": [{"args": [1, 2], "expected": 3}]}),
    "calls in a list": Calls.model_validate({"kind": "calls", "cases": [{"args": [1, 2], "expected": [3]}]}),
}
LIES += tuple(
    Attack(f"object as a number: {name}", "lies when compared", LYING_NUMBER, ("failed", "error"), tests)
    for name, tests in _NUMBER_TESTS.items()
)
LYING_SET = """
class Nothing:
    def __sub__(self, other): return self
    __rsub__ = __xor__ = __and__ = __sub__
    def __len__(self): return 0
    def __iter__(self): return iter(())
    def __contains__(self, item): return True
def add(a, b): return Nothing()
"""
_SET_TESTS = {
    "no difference": make_asserts("assert len(add(1, 2) - {3}) == 0"),
    "nothing in the difference": make_asserts("assert list(add(1, 2) ^ {3}) == []"),
    "in the common part": make_asserts("assert 3 in (add(1, 2) & {3})"),
}
LIES += tuple(
    Attack(f"object as a set: {name}", "lies when compared", LYING_SET, ("failed", "error"), tests)
    for name, tests in _SET_TESTS.items()
)
FAKE_NUMPY = """
class np:
    array = staticmethod(lambda *a: 0)
    allclose = array_equal = staticmethod(lambda *a, **k: True)
    testing = None
numpy = pd = np
def add(a, b): return a - b
"""
LIES += (
    Attack(
        "numpy of its own", "lies when compared", FAKE_NUMPY, ("failed", "error"), make_asserts("assert np.allclose(add(1, 2), 3)")
    ),
    Attack(
        "numpy of its own, for unittest", "lies when compared", FAKE_NUMPY, ("failed", "error"),
        make_unittest("self.assertTrue(numpy.array_equal(add(1, 2), 3))"),
    ),
)  # fmt: skip
