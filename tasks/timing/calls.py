"""Read the calls that tests make, and write calls as text for the sandbox. Pure."""

import ast
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.pending import TrustedTest
from tasks.reading.python_text import parse

ORDER_IGNORING = ("sorted", "set", "frozenset")
"""Functions that a test applies to an answer whose order does not matter; the sandbox then ignores the order too."""


@dataclass(frozen=True)
class LiteralCall:
    """One call of an entry point with literal values."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    wrapper: str = ""
    """The function of ORDER_IGNORING that is applied to the result, or empty."""


def parse_call(test: str, entry_point: str) -> LiteralCall | None:
    """Return the only call of the entry point in a test.

    None where there is no call or several, or where an argument is no literal that can be written again.
    """
    tree = parse(test)
    if tree is None:
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    own_calls = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == entry_point]
    if len(own_calls) != 1:
        return None
    [call] = own_calls
    try:
        args = tuple(ast.literal_eval(arg) for arg in call.args)
        kwargs = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg is not None}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if len(kwargs) < len(call.keywords) or not all(map(_is_finite, (*args, *kwargs.values()))):
        return None
    outer_names = [outer.func.id for outer in calls if outer.args == own_calls and isinstance(outer.func, ast.Name)]
    return LiteralCall(args, kwargs, outer_names[0] if outer_names and outer_names[0] in ORDER_IGNORING else "")


def render_call(call: LiteralCall, entry_point: str) -> str:
    """Return the call as an expression. Arguments are JSON where their values allow, since JSON is read faster."""
    arguments = [*map(_render_literal, call.args), *(f"{k}={_render_literal(v)}" for k, v in call.kwargs.items())]
    text = f"{entry_point}({', '.join(arguments)})"
    return f"{call.wrapper}({text})" if call.wrapper else text


def collect_calls(tests: Iterable[TrustedTest], entry_point: str) -> list[tuple[str, LiteralCall]]:
    """Return the test id and call of every test that makes one, longest text first; of equal calls the first by id."""
    calls_by_text: dict[str, tuple[str, LiteralCall]] = {}
    for test in sorted(tests, key=lambda test: test["test_id"]):
        call = parse_call(test["test"], entry_point)
        if call is not None:
            calls_by_text.setdefault(render_call(call, entry_point), (test["test_id"], call))
    return [calls_by_text[text] for text in sorted(calls_by_text, key=lambda text: (-len(text), text))]


def _is_finite(value: Any) -> bool:
    """Return whether a value can be written as a literal again: infinities (1e999) and complex numbers cannot."""
    if isinstance(value, list | tuple | set):
        return all(map(_is_finite, value))
    if isinstance(value, dict):
        return all(map(_is_finite, (*value.keys(), *value.values())))
    return not isinstance(value, float | complex) or (isinstance(value, float) and math.isfinite(value))


def _render_literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if _is_json(value) else repr(value)


def _is_json(value: Any) -> bool:
    """Return whether JSON writes a value as Python does; True, None, tuples and sets are written otherwise."""
    if isinstance(value, list):
        types = set(map(type, value))
        return types <= {int, float} or all(map(_is_json, value))
    if isinstance(value, dict):
        return all(type(key) is str for key in value) and all(map(_is_json, value.values()))
    return type(value) in (int, float, str)
