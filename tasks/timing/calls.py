"""The calls that tests make: found in an assert, written as text for the sandbox."""

import ast
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.reading.python_text import parse

UNORDERED = ("sorted", "set", "frozenset")
"""What a test puts around an answer whose order it does not ask for; the sandbox compares answers likewise."""


@dataclass(frozen=True)
class Call:
    """One call of an entry point with plain values."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    around: str = ""
    """One of UNORDERED, or nothing."""


def call_of(test: str, entry_point: str) -> Call | None:
    """The one call of the entry point that a test makes; None where there are several, or arguments are no literals."""
    tree = parse(test)
    if tree is None:
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    own = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == entry_point]
    if len(own) != 1:
        return None
    try:
        args = tuple(ast.literal_eval(arg) for arg in own[0].args)
        kwargs = {word.arg: ast.literal_eval(word.value) for word in own[0].keywords if word.arg is not None}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if len(kwargs) < len(own[0].keywords) or not all(map(_finite, (*args, *kwargs.values()))):
        return None
    outer = [call.func.id for call in calls if call.args == own and isinstance(call.func, ast.Name)]
    return Call(args, kwargs, outer[0] if outer and outer[0] in UNORDERED else "")


def _finite(value: Any) -> bool:
    """Whether the value can be written as a literal again: 1e999 can't, and nothing can be drawn beside it."""
    if isinstance(value, list | tuple | set):
        return all(map(_finite, value))
    if isinstance(value, dict):
        return all(map(_finite, (*value.keys(), *value.values())))
    return not isinstance(value, float | complex) or (isinstance(value, float) and math.isfinite(value))


def text_of(call: Call, entry_point: str) -> str:
    """The call as an expression; as far as its values allow, its arguments are JSON too, which is read faster."""
    written = [*map(_literal, call.args), *(f"{name}={_literal(value)}" for name, value in call.kwargs.items())]
    made = f"{entry_point}({', '.join(written)})"
    return f"{call.around}({made})" if call.around else made


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if _is_json(value) else repr(value)


def _is_json(value: Any) -> bool:
    """Whether JSON writes it as Python does: not so True, None, tuples and sets."""
    if isinstance(value, list):
        kinds = set(map(type, value))
        return kinds <= {int, float} or all(map(_is_json, value))
    if isinstance(value, dict):
        return all(type(key) is str for key in value) and all(map(_is_json, value.values()))
    return type(value) in (int, float, str)


def distinct(tests: Iterable[Mapping[str, str]], entry_point: str) -> list[tuple[str, Call]]:
    """Id and call of the tests ({test_id, test}) that make one, largest first; of equal calls the first by id."""
    found: dict[str, tuple[str, Call]] = {}
    for test in sorted(tests, key=lambda test: test["test_id"]):
        call = call_of(test["test"], entry_point)
        if call is not None:
            found.setdefault(text_of(call, entry_point), (test["test_id"], call))
    return [found[text] for text in sorted(found, key=lambda text: (-len(text), text))]
