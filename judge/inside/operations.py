"""Operations that one process may perform on an object of the other, by name; bound before any foreign code runs."""

import math
import operator
from collections.abc import Callable
from typing import Any

from .codec import CodecError


def _swap_operands(op: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda subject, other: op(other, subject)


def _exit_context(subject: Any, *args: Any) -> Any:
    return type(subject).__exit__(subject, *args)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "getattr": getattr, "setattr": setattr, "delattr": delattr, "eq": operator.eq, "ne": operator.ne,
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "hash": hash, "bool": bool,
    "isinstance": isinstance, "issubclass": issubclass, "iter": iter, "next": next, "len": len, "reversed": reversed,
    "contains": operator.contains, "getitem": operator.getitem, "setitem": operator.setitem,
    "delitem": operator.delitem, "str": str, "repr": repr, "format": format, "bytes": bytes, "abs": abs,
    "neg": operator.neg, "pos": operator.pos, "invert": operator.invert, "int": int, "float": float,
    "complex": complex, "index": operator.index, "round": round, "trunc": math.trunc, "floor": math.floor,
    "ceil": math.ceil, "enter": lambda subject: type(subject).__enter__(subject), "exit": _exit_context,
}  # fmt: skip
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "xor", "lshift", "rshift", "matmul"):
    OPERATIONS[_name] = getattr(operator, _name)
    OPERATIONS["r" + _name] = _swap_operands(getattr(operator, _name))
for _name in ("and", "or"):
    OPERATIONS[_name] = getattr(operator, _name + "_")
    OPERATIONS["r" + _name] = _swap_operands(getattr(operator, _name + "_"))

_ITERATORS = ("generator", "iterator", "map", "filter", "zip", "enumerate", "reversed")


def perform(op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Perform any operation; for the candidate's own objects. Raises CodecError on an unknown operation."""
    if op == "call":
        return subject(*args, **kwargs)
    if op not in OPERATIONS:
        raise CodecError(f"unknown operation {op[:40]!r}")
    return OPERATIONS[op](subject, *args)


def perform_guarded(op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Perform an operation on an object of the tests, for the candidate.

    Calls, iteration, operators and public attributes are allowed. What leads to the judge's insides is not: attributes
    of functions and iterators, private names, frames, code and modules raise AttributeError. So does changing a module.
    Type checks and formats raise TypeError.
    """
    kind = type(subject)
    function = kind.__name__ in ("function", "method", "builtin_function_or_method", "type", "partial")
    if op in ("getattr", "setattr", "delattr"):
        name = args[0] if args else None
        if op == "getattr" and function and name in ("__name__", "__qualname__", "__doc__"):
            return getattr(subject, name, None)
        if kind.__name__ == "module" and op != "getattr":
            raise AttributeError(str(name)[:100])
        if function or kind.__name__.endswith(_ITERATORS) or not isinstance(name, str) or name.startswith("_"):
            raise AttributeError(str(name)[:100])
        value = OPERATIONS[op](subject, *args)
        if type(value).__name__ in ("frame", "code", "module", "traceback"):
            raise AttributeError(name)
        return value
    if op in ("isinstance", "issubclass", "format"):
        raise TypeError(f"{op} of an object of the test")
    return perform(op, subject, args, kwargs)
