"""Which names of a test are the candidate's, and which the judge supplies itself.

A name that Python or its library already gives is never taken from the candidate, unless it is the entry point: a
program that redefines `set` or `isclose` would otherwise compare its own answers.
"""

import ast
import builtins
import collections
import decimal
import fractions
import math
import sys
from collections.abc import Set
from typing import Any

BUILTINS = frozenset(vars(builtins)) - {"_"}
LIBRARY: dict[str, Any] = {
    "Counter": collections.Counter, "OrderedDict": collections.OrderedDict, "defaultdict": collections.defaultdict,
    "deque": collections.deque, "namedtuple": collections.namedtuple, "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction, "isclose": math.isclose,
}  # fmt: skip
MODULES = ("math", "re", "sys", "os", "collections", "itertools", "functools", "random", "string", "datetime", "copy",
           "cmath", "decimal", "fractions", "heapq", "bisect", "operator", "statistics", "typing", "json", "time",
           "unittest", "io", "types", "contextlib", "threading")  # fmt: skip

NEVER_ASKED = frozenset(
    {"np", "numpy", "pd", "pandas"}
)  # whose comparisons tests trust; supplied where there are packages


def public(name: str) -> bool:
    """Whether a name that nobody asked for may stand in a module of tests: not if Python or unittest acts on it."""
    return not name.startswith("__") and name != "load_tests" and name not in NEVER_ASKED


def known(name: str) -> bool:
    """Whether Python or its library gives the name a meaning."""
    return name in BUILTINS or name in LIBRARY or name in MODULES


def used(*trees: ast.AST) -> set[str]:
    """Names that the code reads."""
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def supplied(name: str) -> Any:
    """The judge's own value of a name that tests use without importing it; KeyError if it has none."""
    if name in LIBRARY:
        return LIBRARY[name]
    if name in MODULES and name in sys.modules:
        return sys.modules[name]
    raise KeyError(name)


def split(names: Set[str], own: Set[str], entry: str | None) -> tuple[list[str], dict[str, Any]]:
    """Names to ask the candidate for, and names bound to the judge's own values.

    Args:
        names: what the test code reads.
        own: what its setup has defined already.
        entry: the entry point's first part; always the candidate's.
    """
    ask, given = [], {}
    for name in sorted(names):
        if name == entry:
            ask.append(name)
        elif name in own or name in BUILTINS or name in NEVER_ASKED - LIBRARY.keys() or name.startswith("__"):
            continue
        else:
            try:
                given[name] = supplied(name)
            except KeyError:
                ask.append(name)
    return ask, given
