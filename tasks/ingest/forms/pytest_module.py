"""The few parts of pytest that translated tests use, as source text that stands before them."""

PYTEST = '''\
import math as _math
import re as _re


class _Raises:
    """Stands for pytest.raises as a context manager."""

    def __init__(self, kind, match):
        self.kind, self.match, self.value, self.type = kind, match, None, None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if error is None:
            raise AssertionError(f"DID NOT RAISE {self.kind}")
        if not isinstance(error, self.kind):
            return False
        self.value, self.type = error, kind
        if self.match is not None and not _re.search(self.match, str(error)):
            raise AssertionError(f"{self.match!r} does not match {str(error)!r}")
        return True


class _Approx:
    """Stands for pytest.approx: equal to what lies within the tolerance."""

    __array_ufunc__ = None

    def __init__(self, expected, rel, abs_, nan_ok):
        self.expected, self.rel, self.abs, self.nan_ok = expected, rel, abs_, nan_ok

    def __eq__(self, actual):
        return self._is_near(actual, self.expected)

    def _is_near(self, actual, expected):
        if isinstance(expected, dict):
            same = isinstance(actual, dict) and actual.keys() == expected.keys()
            return same and all(self._is_near(actual[key], expected[key]) for key in expected)
        if isinstance(expected, (list, tuple)):
            same = isinstance(actual, (list, tuple)) and len(actual) == len(expected)
            return same and all(map(self._is_near, actual, expected))
        if actual == expected:
            return True
        if not isinstance(expected, (int, float, complex)) or not isinstance(actual, (int, float, complex)):
            return False
        if expected != expected:
            return self.nan_ok and actual != actual
        if abs(expected) == _math.inf:
            return False
        absolute = 1e-12 if self.abs is None else self.abs
        relative = 0 if self.rel is None and self.abs is not None else (1e-6 if self.rel is None else self.rel)
        return abs(actual - expected) <= max(absolute, relative * abs(expected))

    def __repr__(self):
        return f"approx({self.expected!r})"


def _raises(kind, *args, match=None, **kwargs):
    if not args:
        return _Raises(kind, match)
    with _Raises(kind, match) as caught:
        args[0](*args[1:], **kwargs)
    return caught


def _fail(reason="", pytrace=True):
    raise AssertionError(reason)


def _param(*values, id=None, marks=()):
    return values[0] if len(values) == 1 else values


_kept = []


def _keep(generator):
    """Keep a fixture's generator alive, so that what follows its yield runs after all tests only."""
    _kept.append(generator)
    return generator


class pytest:
    """Stands for the module."""

    raises = staticmethod(_raises)
    approx = staticmethod(lambda expected, rel=None, abs=None, nan_ok=False: _Approx(expected, rel, abs, nan_ok))
    fail = staticmethod(_fail)
    param = staticmethod(_param)
'''
