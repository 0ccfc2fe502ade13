"""Modules of pytest functions by what they use, each with the number of its tests."""

TESTS: dict[str, tuple[str, int]] = {
    "functions": (
        """
from solution import root
def test_a():
    assert root(4) == 2
def test_b():
    assert root(0) == 0
""",
        2,
    ),
    "an import of the module": ("import solution\ndef test_a():\n    assert solution.root(4) == 2", 1),
    "helpers and constants": (
        """
from solution import root
FOUR = 4
def helper(x):
    return root(x)
def test_a():
    assert helper(FOUR) == 2
""",
        1,
    ),
    "raises": (
        """
import pytest
from solution import root, Negative
def test_a():
    with pytest.raises(Negative, match='negative') as info:
        root(-1)
    assert '-1' in str(info.value)
    with pytest.raises(ValueError):
        root(-2)
""",
        1,
    ),
    "raises by its own name": (
        """
from pytest import raises
from solution import root
def test_a():
    raises(ValueError, root, -1)
""",
        1,
    ),
    "approx": (
        """
import pytest as pt
from solution import root
def test_a():
    assert root(2) == pt.approx(1.414, abs=1e-3)
    assert [root(2)] == pt.approx([2 ** 0.5])
    assert not root(2) == pt.approx(1.4)
""",
        1,
    ),
    "parametrize": (
        """
import pytest
from solution import root
@pytest.mark.parametrize('x, y', [(4, 2), pytest.param(9, 3, id='nine')])
def test_a(x, y):
    assert root(x) == y
""",
        2,
    ),
    "stacked parametrize with one name": (
        """
import pytest
from solution import root
@pytest.mark.parametrize('x', [4, 9])
@pytest.mark.parametrize('y', [1, 2, 3])
def test_a(x, y):
    assert root(x) >= 2
""",
        6,
    ),
    "computed parameters": (
        """
import pytest
from solution import root
@pytest.mark.parametrize('x', [i * i for i in range(5)])
def test_a(x):
    assert root(x) ** 2 == x
""",
        1,
    ),
    "fixtures of the code": (
        """
import pytest
from solution import Stack
@pytest.fixture
def items():
    return [1, 2]
@pytest.fixture()
def stack(items):
    yield Stack(items)
def test_a(stack):
    assert stack.push(3) == 3
""",
        1,
    ),
    "a class": (
        """
from solution import Stack
class TestStack:
    def setup_method(self):
        self.stack = Stack()
    def test_a(self):
        assert self.stack.push(1) == 1
    def test_b(self):
        assert self.stack.push(1) == 1
""",
        2,
    ),
    "a class with parameters and a fixture": (
        """
import pytest
from solution import root
class TestRoot:
    @pytest.fixture
    def four(self):
        return 4
    @pytest.mark.parametrize('y', [2, 2.0])
    def test_a(self, y, four):
        assert root(four) == y
""",
        2,
    ),
    "marks that change nothing, and a skipped test": (
        """
import pytest
from solution import root
@pytest.mark.timeout(5)
def test_a():
    assert root(4) == 2
@pytest.mark.skip
def test_b():
    assert False
""",
        1,
    ),
    "unittest beside functions": (
        """
import unittest
from solution import root
class TestRoot(unittest.TestCase):
    def test_a(self):
        self.assertEqual(root(4), 2)
def test_b():
    assert root(4) == 2
""",
        2,
    ),
    "a main block": (
        """
import pytest
from solution import root
def test_a():
    assert root(4) == 2
if __name__ == '__main__':
    pytest.main()
""",
        1,
    ),
}
