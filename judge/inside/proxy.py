"""What stands in one process for an object of the other: every use of it goes over the wire.

Comparison never does, unless both sides are such objects: a candidate must not be the judge of its own answer. For the
same reason plain data may be an operand, but what comes of it can't be turned into a number again.
"""

import collections
from collections.abc import Callable, Iterator
from typing import Any

from .codec import EXCEPTIONS
from .peer import GoneError, Peer, TamperedError


class NotPlainError(TypeError):
    """A test needed data and got an object of the candidate's."""


class Ends:
    """What all proxies of one process share."""

    def __init__(self) -> None:
        self.peer: Peer | None = None
        self.notes: set[str] = set()
        self.over: GoneError | TamperedError | None = None
        """Why nothing more is asked: the other end has gone, or lied."""
        self._proxies: dict[int, Any] = {}

    def ask(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """One operation on the other side; raises there what it raised, and brings changed arguments home."""
        if self.over is not None:
            raise self.over
        try:
            return self._ask(op, subject, args, kwargs)
        except (GoneError, TamperedError) as error:
            self.over = error
            raise

    def _ask(self, op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
        assert self.peer is not None
        outcome = self.peer.request(op, subject, args, kwargs)
        if outcome[0]:
            changed = outcome[2]
            if changed is not None:
                if type(changed) is not tuple or len(changed) != 2:
                    raise TamperedError("arguments of the wrong shape")
                bring_home(args, changed[0])
                bring_home(kwargs or {}, changed[1])
            return outcome[1]
        raise self.rebuild(outcome[1])

    def remote(self, number: int, kind: str, name: str, extra: Any) -> Any:
        """The one proxy of the other end's object `number`."""
        found = self._proxies.get(number)
        if found is None:
            if kind == "exception":
                return self.exception_class(extra)
            found = self._proxies[number] = Proxy(self, number, kind, name)
        return found

    def exception_class(self, classes: Any) -> type[BaseException]:
        """A local class for the other side's exception class, so that `except` and assertRaises work."""
        if type(classes) is not tuple or not 0 < len(classes) < 50:
            raise TamperedError("an exception of the wrong shape")
        base: type[BaseException] = Exception
        for entry in reversed(classes):
            if type(entry) is not tuple or len(entry) != 2 or type(entry[0]) is not int or type(entry[1]) is not str:
                raise TamperedError("an exception of the wrong shape")
            number, name = entry
            if number == 0:
                base = EXCEPTIONS.get(name, Exception)
                continue
            known = self._proxies.get(number)
            if not (isinstance(known, type) and issubclass(known, BaseException)):
                space = {"_patchmill_remote": number, "__str__": _remote_text, "__getattr__": _remote_attribute}
                known = self._proxies[number] = type(name, (base,), space)
            base = known
        return base

    def rebuild(self, fault: tuple[Any, ...]) -> BaseException:
        classes, args, text, line, instance = fault
        kind = self.exception_class(classes)
        text = text if type(text) is str else ""
        args = args if type(args) is tuple else (text,)
        try:
            error = kind.__new__(kind, *args)
            if kind in EXCEPTIONS.values():
                error.__init__(*args)  # type: ignore[misc]
            error.args = args
        except Exception:
            error = kind.__new__(kind) if not issubclass(kind, UnicodeError) else ValueError(text)
            error.args = (text,)
        error.__dict__.update(
            patchmill_name=str(classes[0][1])[:200],
            patchmill_text=text,
            patchmill_line=line if type(line) is int else None,
            patchmill_instance=instance,
        )
        return error


def _remote_text(self: BaseException) -> str:
    text = self.__dict__.get("patchmill_text")
    return text if isinstance(text, str) else BaseException.__str__(self)


def _remote_attribute(self: BaseException, name: str) -> Any:
    instance = self.__dict__.get("patchmill_instance")
    if instance is None or name.startswith(("__", "patchmill_")):
        raise AttributeError(name)
    return getattr(instance, name)


def bring_home(old: Any, new: Any) -> None:
    """Give mutable `old` the content of `new` in place, as deep as both have the same shape."""
    if type(old) is not type(new):
        return
    if type(old) is list or type(old) is tuple:
        if len(old) == len(new):
            for at, (was, now) in enumerate(zip(old, new, strict=True)):
                if type(was) is type(now) and type(was) in _MUTABLE:
                    bring_home(was, now)
                elif type(old) is list:
                    old[at] = now
        elif type(old) is list:
            old[:] = new
    elif isinstance(old, dict):
        merged = {k: old[k] if k in old and type(old[k]) is type(v) in _MUTABLE else v for k, v in new.items()}
        for key, value in merged.items():
            if key in old and value is old[key]:
                bring_home(value, new[key])
        old.clear()
        old.update(merged)
    elif isinstance(old, set):
        old.clear()
        old.update(new)
    elif isinstance(old, bytearray):
        old[:] = new
    elif isinstance(old, collections.deque):
        old.clear()
        old.extend(new)


_MUTABLE = (list, tuple, dict, set, bytearray, collections.deque, collections.Counter, collections.OrderedDict)


def _own(proxy: Any, name: str) -> Any:
    return object.__getattribute__(proxy, name)


class Proxy:
    """One object of the other side."""

    __slots__ = ("__dict__", "_patchmill_ends", "_patchmill_kind", "_patchmill_name", "_patchmill_number", "_tainted")
    _patchmill_remote = True

    def __init__(self, ends: Ends, number: int, kind: str, name: str) -> None:
        for slot, value in (("ends", ends), ("number", number), ("kind", kind), ("name", name)):
            object.__setattr__(self, f"_patchmill_{slot}", value)
        object.__setattr__(self, "_tainted", False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _own(self, "_patchmill_ends").ask("call", self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return _own(self, "_patchmill_ends").ask("getattr", self, (name,))

    def __setattr__(self, name: str, value: Any) -> None:
        _own(self, "_patchmill_ends").ask("setattr", self, (name, value))

    def __delattr__(self, name: str) -> None:
        _own(self, "_patchmill_ends").ask("delattr", self, (name,))

    def __eq__(self, other: object) -> bool:
        return _compared(self, "eq", other)

    def __ne__(self, other: object) -> bool:
        return _compared(self, "ne", other)

    def __hash__(self) -> int:
        return int(_own(self, "_patchmill_ends").ask("hash", self))

    def __bool__(self) -> bool:
        return _number(self, "bool") is True

    def __instancecheck__(self, instance: Any) -> bool:
        if not isinstance(instance, Proxy):
            return False
        return _own(self, "_patchmill_ends").ask("isinstance", instance, (self,)) is True

    def __subclasscheck__(self, kind: Any) -> bool:
        return _own(self, "_patchmill_ends").ask("issubclass", kind, (self,)) is True

    def __iter__(self) -> Iterator[Any]:
        _untainted(self)
        found = _own(self, "_patchmill_ends").ask("iter", self)
        return found if isinstance(found, Proxy) else iter(found)

    def __len__(self) -> int:
        _untainted(self)
        return int(_own(self, "_patchmill_ends").ask("len", self))

    def __contains__(self, item: Any) -> bool:
        _untainted(self)
        _own(self, "_patchmill_ends").notes.add("handle_contains")
        return _own(self, "_patchmill_ends").ask("contains", self, (item,)) is True


def describe(value: Any) -> str | None:
    """What kind of object a proxy stands for, in words; None for anything else."""
    if not isinstance(value, Proxy):
        return None
    kind, name = _own(value, "_patchmill_kind"), _own(value, "_patchmill_name")
    return {"class": "a class", "function": "a function", "module": "a module"}.get(
        kind, f"an object of class {name!r}"
    )


def _compared(self: Proxy, op: str, other: object) -> bool:
    if self is other:
        return op == "eq"
    ends = _own(self, "_patchmill_ends")
    if not isinstance(other, Proxy):
        ends.notes.add("uncarried")
        return op == "ne"
    ends.notes.add("handle_eq")
    return ends.ask(op, self, (other,)) is True


def _not_plain(self: Proxy) -> NotPlainError:
    _own(self, "_patchmill_ends").notes.add("uncarried")
    return NotPlainError(f"the answer is an object of class {_own(self, '_patchmill_name')!r}, not plain data")


def _untainted(self: Proxy) -> None:
    """Refuse what would turn the result of an operation with the test's own data into plain data."""
    if _own(self, "_tainted"):
        raise _not_plain(self)


def _number(self: Proxy, op: str, *args: Any) -> Any:
    _untainted(self)
    return _own(self, "_patchmill_ends").ask(op, self, args)


def _unary(op: str) -> Callable[..., Any]:
    return lambda self, *args: _number(self, op, *args)


def _plain(op: str) -> Callable[..., Any]:
    return lambda self, *args: _own(self, "_patchmill_ends").ask(op, self, args)


def _binary(op: str, ordering: bool) -> Callable[..., Any]:
    def operate(self: Proxy, other: Any) -> Any:
        tainted = _own(self, "_tainted") or not isinstance(other, Proxy) or _own(other, "_tainted")
        if ordering and tainted:
            raise _not_plain(self)
        result = _own(self, "_patchmill_ends").ask(op, self, (other,))
        if tainted:
            if not isinstance(result, Proxy):
                raise _not_plain(self)
            object.__setattr__(result, "_tainted", True)
        return result

    return operate


UNARY = ("abs", "neg", "pos", "invert", "int", "float", "complex", "index", "round", "trunc", "floor", "ceil")
PLAIN = ("next", "reversed", "getitem", "setitem", "delitem", "str", "repr", "format", "bytes", "enter", "exit")
ORDER = ("lt", "le", "gt", "ge")
ARITHMETIC = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "matmul",
)
for _op in UNARY:
    setattr(Proxy, f"__{_op}__", _unary(_op))
for _op in PLAIN:
    setattr(Proxy, f"__{_op}__", _plain(_op))
for _op in ORDER:
    setattr(Proxy, f"__{_op}__", _binary(_op, True))
for _op in ARITHMETIC:
    setattr(Proxy, f"__{_op}__", _binary(_op, False))
    setattr(Proxy, f"__r{_op}__", _binary("r" + _op, False))
