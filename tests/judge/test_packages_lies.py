"""Answers made to fool comparisons of numpy and pandas fail, and honest answers pass every comparison."""

# ruff: noqa: E501 (programs are data)

import pytest

from judge.problems import Asserts
from tests.judge.test_packages import HEAD, Run, judge, warm  # noqa: F401  (fixtures)

LIAR = """
class Zero:
    def __getattr__(self, name): return lambda *a, **k: 0.0
    def __len__(self): return 1
    def __getitem__(self, n): return 0.0
    def __iter__(self): return iter([0.0])
    __abs__ = __float__ = __pow__ = __truediv__ = __mul__ = __add__ = __radd__ = lambda self, *a: self
class Liar(Zero):
    __eq__ = __ne__ = lambda self, other: True
    __sub__ = __rsub__ = lambda self, other: Zero()
    equals = eq = identical = lambda self, other: True
    _typ, shape, ndim = 'dataframe', (1,), 1
    __array_priority__ = 1e9
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __array__(self, *a, **k): return np.zeros(1)
"""
ARRAY = """
class Array(np.ndarray):
    __eq__ = lambda self, other: np.array([True])
    __sub__ = __rsub__ = lambda self, other: np.zeros(1)
    def __array_ufunc__(self, *a, **k): return np.zeros(1)
    def __array_function__(self, *a, **k): return True
"""
FRAME = """
class Frame(pd.DataFrame):
    equals = __eq__ = lambda self, other: True
class Column(pd.Series):
    equals = __eq__ = eq = lambda self, other: pd.Series([True])
"""
LIES = {
    "liar": LIAR + "def f(x): return Liar()",
    "list of liars": LIAR + "def f(x): return [Liar()]",
    "array of liars": LIAR + "def f(x):\n    a = np.empty(1, object)\n    a[0] = Liar()\n    return a",
    "column of liars": LIAR + "def f(x): return pd.Series([Liar()])",
    "frame of liars": LIAR + "def f(x): return pd.DataFrame({'a': [Liar()]})",
    "subclass of array": ARRAY + "def f(x): return np.ones(1).view(Array)",
    "subclass of frame": FRAME + "def f(x): return Frame({'a': [1]})",
    "subclass of column": FRAME + "def f(x): return Column([1])",
    "all masked": "def f(x): return np.ma.masked_all(1)",
    "all missing": "def f(x): return pd.Series([pd.NA], dtype='Int64')",
    "memory of the judge's": "class f:\n    def __init__(self, x): pass\n    __array_interface__ ="
    " {'shape': (1,), 'typestr': '<f8', 'data': (8, False), 'version': 3}",
    "patched testing": "def f(x): return np.ones(1)\nfor name in dir(np.testing):\n"
    "    if name.startswith('assert'): setattr(np.testing, name, lambda *a, **k: None)\n"
    "for name in ('allclose', 'array_equal', 'all'): setattr(np, name, lambda *a, **k: True)",
}
COMPARISONS = {
    "np.array([3.0])": (
        "np.testing.assert_array_equal(f(0), want)", "np.testing.assert_allclose(f(0), want)",
        "np.testing.assert_equal(f(0), want)", "np.testing.assert_almost_equal(want, f(0))",
        "assert np.allclose(f(0), want) and np.allclose(want, f(0))", "assert np.array_equal(want, f(0))",
        "assert (f(0) == want).all()", "assert (want == f(0)).all()", "assert np.all(want == f(0))",
        "assert np.abs(f(0) - want).max() < 1e-6", "assert np.abs(want - f(0)).max() < 1e-6",
        "assert np.sqrt(np.mean((f(0) - want) ** 2)) < 1e-6", "assert np.sqrt(np.mean((want - f(0)) ** 2)) < 1e-6",
        "assert np.linalg.norm(f(0) - want) < 1e-6", "assert (f(0) - want).sum() == 0", "assert not np.any(f(0) - want)",
    ),
    "pd.Series([3.0])": (
        "pd.testing.assert_series_equal(f(0), pd.Series(want))", "assert (pd.Series(want) == f(0)).all()",
        "assert f(0).eq(pd.Series(want)).all()", "assert f(0).equals(pd.Series(want))",
    ),
    "pd.DataFrame({'a': [3.0]})": (
        "pd.testing.assert_frame_equal(f(0), frame)", "assert f(0).equals(frame)", "assert frame.equals(f(0))",
        "pd.testing.assert_frame_equal(f(0), frame, check_dtype=False, check_like=True)",
        "assert (frame == f(0)).all().all()",
    ),
}  # fmt: skip
SETUP = HEAD + "want = np.array([3.0])\nframe = pd.DataFrame({'a': want})\n"


def make_tests(comparison: str) -> Asserts:
    """Return tests of one comparison of `f(0)` with the expected values."""
    return Asserts(setup=SETUP, asserts=(comparison,))


@pytest.mark.parametrize("answer", COMPARISONS)
def test_right_answers_pass_every_comparison(judge: Run, answer: str) -> None:  # noqa: F811
    for comparison in COMPARISONS[answer]:
        row = judge(f"def f(x): return {answer}", make_tests(comparison))
        assert row.verdict == "passed", (comparison, row.feedback)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_lies_pass_no_comparison(judge: Run, lie: str) -> None:  # noqa: F811
    for comparison in (comparison for group in COMPARISONS.values() for comparison in group):
        row = judge(lie, make_tests(comparison))
        assert row.verdict in ("failed", "error", "exited"), (comparison, row)  # `exited`: a lie that ended itself


@pytest.mark.parametrize(
    "argument", ["np.ma.ones(2)", "np.zeros(2, 'i4,i4')", "pd.DataFrame({'a': [1]}).groupby('a')", "np", "pd"]
)
def test_objects_of_packages_are_not_handed_to_the_program(judge: Run, argument: str) -> None:  # noqa: F811
    code = "def f(x):\n    x.tofile('/tmp/x') if hasattr(x, 'tofile') else x.eval('1')\n    return 1"
    row = judge(code, f"assert f({argument}) == 1")
    assert row.verdict in ("failed", "error") and "does not cross" in row.feedback


def test_the_insides_of_a_generator_are_not_handed_to_the_program(judge: Run) -> None:  # noqa: F811
    code = "def f(x): return x.bit_generator.ctypes"
    row = judge(code, "f(np.random.default_rng(1))")
    assert row.verdict == "error" and row.exception_type == "AttributeError"
