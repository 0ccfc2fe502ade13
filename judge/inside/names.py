"""Decide which names of a test are the candidate's, and which the judge supplies itself.

A name that Python or its library already gives is never taken from the candidate, unless it is the entry point.
Otherwise a program that redefines `set` or `isclose` would compare its own answers.
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
NEVER_ASKED = frozenset({"np", "numpy", "pd", "pandas"})
"""Names whose comparisons tests trust: supplied where there are packages, never taken from the candidate."""


def is_public(name: str) -> bool:
    """Return whether a name that no test asks for may stand in the tests' module: not if Python or unittest uses it."""
    return not name.startswith("__") and name != "load_tests" and name not in NEVER_ASKED


def is_known(name: str) -> bool:
    """Return whether Python or its library gives the name a meaning."""
    return name in BUILTINS or name in LIBRARY or name in MODULES


def collect_names(*trees: ast.AST) -> set[str]:
    """Return the names that the code reads."""
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def supply_value(name: str) -> Any:
    """Return the judge's own value of a name that tests use without importing it; raises KeyError if it has none."""
    if name in LIBRARY:
        return LIBRARY[name]
    if name in MODULES and name in sys.modules:
        return sys.modules[name]
    raise KeyError(name)


def split_names(names: Set[str], own: Set[str], entry: str | None) -> tuple[list[str], dict[str, Any]]:
    """Split names into those to ask the candidate for, sorted, and those bound to the judge's own values.

    Args:
        names: names that the test code reads.
        own: names that the tests define themselves.
        entry: the entry point's first part; always the candidate's.
    """
    asked, supplied = [], {}
    for name in sorted(names):
        if name == entry:
            asked.append(name)
        elif name in own or name in BUILTINS or name in NEVER_ASKED - LIBRARY.keys() or name.startswith("__"):
            continue
        else:
            try:
                supplied[name] = supply_value(name)
            except KeyError:
                asked.append(name)
    return asked, supplied
