"""Constants of test code: what they are worth, and another value of the same type and shape."""

import array
import ast
import collections
import datetime
import decimal
import fractions
import math
import operator
import pathlib
import random
import types
import uuid
from collections.abc import Callable, Sequence, Set
from typing import Any

LARGEST = 10_000  # items, digits or bits of a value that is worked out here
_MAKERS: dict[str, Callable[..., Any]] = {
    "set": set, "frozenset": frozenset, "list": list, "tuple": tuple, "dict": dict, "float": float, "int": int,
    "complex": complex, "str": str, "sorted": sorted, "Decimal": decimal.Decimal, "Fraction": fractions.Fraction,
    "Counter": collections.Counter, "OrderedDict": collections.OrderedDict, "deque": collections.deque,
    "datetime": datetime.datetime, "date": datetime.date, "time": datetime.time, "timedelta": datetime.timedelta,
    "UUID": uuid.UUID, "Path": pathlib.PurePosixPath, "PurePath": pathlib.PurePosixPath,
    "SimpleNamespace": types.SimpleNamespace, "array": array.array, "bytes": bytes, "bytearray": bytearray,
}  # fmt: skip
_OWNERS = {"datetime", "decimal", "fractions", "collections", "uuid", "pathlib", "types", "array", "math"}
_MATH = {name: getattr(math, name) for name in ("pi", "e", "tau", "inf")}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip


_FAULTS = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError, RecursionError, MemoryError)


class NotConstantError(ValueError):
    """An expression whose value depends on more than constants, or would take long to work out."""


def evaluate(node: ast.expr) -> Any:
    """Return the value of an expression of constants and well-known types; raises NotConstantError."""
    try:
        return _evaluate(node)
    except NotConstantError:
        raise
    except _FAULTS as error:
        raise NotConstantError(f"{type(error).__name__}: {error}") from None


def _evaluate(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [_evaluate(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_evaluate(item) for item in items)
        case ast.Set(elts=items):
            return {_evaluate(item) for item in items}
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {_evaluate(key): _evaluate(value) for key, value in zip(keys, values, strict=True) if key}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return +_evaluate(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _operate(op, _evaluate(left), _evaluate(right))
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in _MATH:
            return _MATH[name]
        case ast.Call():
            return _make(node)
    raise NotConstantError(type(node).__name__)


def _operate(op: ast.operator, left: Any, right: Any) -> Any:
    for value in (left, right):
        if isinstance(value, int) and abs(value) > LARGEST**8:
            raise NotConstantError("large")
    if isinstance(op, ast.Pow | ast.LShift):
        if not (isinstance(left, int | float) and isinstance(right, int) and 0 <= right <= LARGEST):
            raise NotConstantError("large")
        return left**right if isinstance(op, ast.Pow) else int(left) << right
    if isinstance(op, ast.Mult):
        for value, times in ((left, right), (right, left)):
            if hasattr(value, "__len__") and isinstance(times, int) and len(value) * times > LARGEST:
                raise NotConstantError("large")
    if (isinstance(op, ast.Mod) and isinstance(left, str | bytes)) or type(op) not in _BINARY:
        raise NotConstantError("operator")
    return _BINARY[type(op)](left, right)


def _make(node: ast.Call) -> Any:
    match node.func:
        case ast.Name(id=name):
            pass
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in _OWNERS:
            pass
        case _:
            raise NotConstantError("call")
    if name == "range" and all(isinstance(arg, ast.Constant) for arg in node.args):
        numbers = range(*map(_evaluate, node.args))
        if len(numbers) > LARGEST:
            raise NotConstantError("large")
        return numbers
    if name not in _MAKERS:
        raise NotConstantError(name)
    named = {keyword.arg: _evaluate(keyword.value) for keyword in node.keywords if keyword.arg}
    args = [_evaluate(arg) for arg in node.args]
    if name in ("bytes", "bytearray") and any(isinstance(arg, int) and arg > LARGEST for arg in args):
        raise NotConstantError("large")
    return _MAKERS[name](*args, **named)


def differ(one: Any, other: Any, tolerance: float = 0.0) -> bool:
    """Return whether nothing can equal both values, even within this tolerance of each."""
    if isinstance(one, int | float) and isinstance(other, int | float) and tolerance:
        return abs(one - other) > 2 * tolerance
    try:
        return bool(one != other)
    except _FAULTS:
        return False


def is_plain(value: Any) -> bool:
    """Return whether the text of the value is a constant expression of the same value."""
    if type(value) is float:
        return math.isfinite(value)
    if type(value) in (list, tuple, set):
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    return type(value) in (bool, int, str, bytes, type(None))


def other_value(value: Any, pool: Sequence[Any], rng: random.Random, tolerance: float = 0.0) -> Any:
    """Return a value that looks real and differs: from the pool of expected values, or a small change of this one.

    Raises:
        NotConstantError: none is known.
    """
    if not isinstance(value, bool):
        alike = [item for item in pool if _shape(item) == _shape(value) and differ(item, value, tolerance)]
        if value is None:
            alike = [item for item in pool if item is not None and is_plain(item)]
        if alike and rng.random() < 0.7:
            return rng.choice(alike)
    changed = _change(value, rng, tolerance)
    if not differ(changed, value, tolerance):
        raise NotConstantError("no other value")
    return changed


def _shape(value: Any) -> tuple[Any, ...]:
    if isinstance(value, list | tuple) and value:
        return (type(value), _shape(value[0]))
    if isinstance(value, dict) and value:
        return (dict, *map(_shape, next(iter(value.items()))))
    return (type(value), bool(value)) if isinstance(value, str | list | tuple | dict | set) else (type(value),)


def _change(value: Any, rng: random.Random, tolerance: float) -> Any:
    match value:
        case bool():
            return not value
        case None:
            return 0
        case int():
            # By one, so that it is no other name of the same remainder, for a class that counts modulo something.
            return (
                value + (1 if value < 2 else rng.choice((1, -1)))
                if not tolerance
                else value + 1 + math.ceil(2 * tolerance)
            )
        case float():
            larger = value + max(1.0, abs(value)) * rng.choice((0.5, 1.0)) + 2 * tolerance
            return value / 2 if math.isfinite(value) and not math.isfinite(larger) else larger
        case complex():
            return value + 1
        case str():
            return _change_text(value, rng)
        case bytes():
            return bytes([*value[:-1], value[-1] ^ 1]) if value else b"a"
        case list() | tuple():
            return type(value)(_change_items(list(value), rng, tolerance))
        case set() | frozenset():
            return type(value)(_change_members(value, rng, tolerance))
        case dict():
            changed = dict(value)
            if not changed:
                return {0: 0}
            key = rng.choice(list(changed))
            changed[key] = _change(changed[key], rng, tolerance)
            return changed
    raise NotConstantError(type(value).__name__)


def _change_items(items: list[Any], rng: random.Random, tolerance: float) -> list[Any]:
    if not items:
        return [0]
    at = rng.randrange(len(items))
    items[at] = _change(items[at], rng, tolerance)
    return items


def _change_members(members: Set[Any], rng: random.Random, tolerance: float) -> set[Any]:
    """Replace one member by a value that was none."""
    if not members:
        return {0}
    first, *kept = members
    for _ in range(5):
        first = _change(first, rng, tolerance)
        if first not in members:
            return {first, *kept}
    return set(kept)


def _change_text(text: str, rng: random.Random) -> str:
    """Replace one letter or digit by another of its kind; where there is none, lengthen the text."""
    places = [at for at, letter in enumerate(text) if letter.isascii() and letter.isalnum()]
    if not places:
        return text + (text[-1:] or "a")
    at = rng.choice(places)
    kind = "0123456789" if text[at].isdigit() else "abcdef" if text[at].islower() else "ABCDEF"
    return text[:at] + rng.choice([letter for letter in kind if letter != text[at]]) + text[at + 1 :]
