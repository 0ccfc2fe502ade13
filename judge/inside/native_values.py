"""Values that tests are given in the program's own process: the entry point, library names, other expected values."""

import functools
import sys
import types
from collections.abc import Mapping
from typing import Any

from .asserts import FailedError


def find_entry(space: Mapping[str, Any], entry: str | None) -> Any:
    """Return the entry point: a function, or a method such as `Solution.solve` or `Solution().solve`.

    Raises:
        FailedError: the program does not define it.
    """
    if entry is None:
        raise FailedError("the tests name no entry point", 0, None)
    first, *attributes = entry.split(".")
    name = first.removesuffix("()")
    if name not in space:
        raise FailedError(f"the program does not define {name}", 0, None)
    value = space[name]
    needs_instance = attributes and isinstance(vars(value).get(attributes[0]) if isinstance(value, type) else None,
                                               types.FunctionType)  # fmt: skip
    if first != name or needs_instance:
        value = value()
    return functools.reduce(getattr, attributes, value)


def other_value(value: Any) -> Any:
    """Return another value of the same type: what a control expects in place of an expression's value."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value + max(1.0, abs(value))
        case str():
            return value + (value[-1:] or "a")
        case bytes():
            return value + (value[-1:] or b"a")
        case list() | tuple():
            return type(value)([*value[:-1], other_value(value[-1])] if value else [0])
        case dict() if value:
            last = list(value)[-1]
            return {**value, last: other_value(value[last])}
        case set() | frozenset():
            return type(value)([*value, "other"])
        case dict():
            return {"a": 0}
    return object()


def is_library(value: object, name: str) -> bool:
    """Return whether a program's name is the library's own object, or a class of its own in place of one."""
    if isinstance(value, type) and value.__module__ == "solution":
        return True
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return value is getattr(module, getattr(value, "__name__", name), value is None)
