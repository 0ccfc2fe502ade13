"""Stand for objects of the other process: every use of a proxy goes over the wire, except comparison.

A candidate must not be the judge of its own answer, so a proxy is compared there with another proxy only. For the same
reason a proxy that comes of an operation with plain data is tainted: it can't be turned into plain data again.
"""

import collections
from collections.abc import Callable, Iterator
from typing import Any

from .codec import EXCEPTIONS
from .peer import GoneError, Peer, TamperedError


class NotPlainError(TypeError):
    """A test needed plain data and got an object of the candidate."""


class Ends:
    """State that all proxies of one process share: the wire, and the one proxy of each object."""

    def __init__(self) -> None:
        self.peer: Peer | None = None
        self.notes: set[str] = set()
        """Facts for the judge's evidence: `uncarried`, `handle_eq`, `handle_contains`."""
        self.failure: GoneError | TamperedError | None = None
        """Why nothing more is asked of the other process: it has gone, or sent what no honest one sends."""
        self._proxies: dict[int, Any] = {}

    def ask(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Perform one operation in the other process, and bring arguments that it has changed home.

        Raises:
            GoneError, TamperedError: now, or at an earlier request.
            BaseException: what the operation raised there, rebuilt here.
        """
        if self.failure is not None:
            raise self.failure
        try:
            return self._ask(op, subject, args, kwargs)
        except (GoneError, TamperedError) as error:
            self.failure = error
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
        raise self._rebuild(outcome[1])

    def remote(self, number: int, kind: str, name: str, extra: Any) -> Any:
        """Return the one proxy of object `number` of the other process."""
        proxy = self._proxies.get(number)
        if proxy is None:
            if kind == "exception":
                return self._make_exception_class(extra)
            proxy = self._proxies[number] = Proxy(self, number, kind, name)
        return proxy

    def _make_exception_class(self, classes: Any) -> type[BaseException]:
        """Return a local class for an exception class of the other process, so that `except` and assertRaises work."""
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
            local = self._proxies.get(number)
            if not (isinstance(local, type) and issubclass(local, BaseException)):
                space = {"_patchmill_remote": number, "__str__": _get_remote_text, "__getattr__": _get_remote_attribute}
                local = self._proxies[number] = type(name, (base,), space)
            base = local
        return base

    def _rebuild(self, fault: tuple[Any, ...]) -> BaseException:
        """Make an exception from a fault that may be hostile; the facts of the original lie in its `patchmill_*`."""
        classes, args, text, line, instance = fault
        kind = self._make_exception_class(classes)
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


def _get_remote_text(self: BaseException) -> str:
    text = self.__dict__.get("patchmill_text")
    return text if isinstance(text, str) else BaseException.__str__(self)


def _get_remote_attribute(self: BaseException, name: str) -> Any:
    instance = self.__dict__.get("patchmill_instance")
    if instance is None or name.startswith(("__", "patchmill_")):
        raise AttributeError(name)
    return getattr(instance, name)


def bring_home(old: Any, new: Any) -> None:
    """Give a mutable argument `old` the content of `new` in place, as deep as both have the same shape."""
    if type(old) is not type(new):
        return
    if type(old) is list or type(old) is tuple:
        if len(old) == len(new):
            for at, (old_item, new_item) in enumerate(zip(old, new, strict=True)):
                if type(old_item) is type(new_item) and type(old_item) in _MUTABLE:
                    bring_home(old_item, new_item)
                elif type(old) is list:
                    old[at] = new_item
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


def _get_slot(proxy: Any, name: str) -> Any:
    """Read a proxy's own attribute, which plain access would ask the other process for."""
    return object.__getattribute__(proxy, name)


class Proxy:
    """One object of the other process."""

    __slots__ = ("__dict__", "_patchmill_ends", "_patchmill_kind", "_patchmill_name", "_patchmill_number", "_tainted")
    _patchmill_remote = True

    def __init__(self, ends: Ends, number: int, kind: str, name: str) -> None:
        for slot, value in (("ends", ends), ("number", number), ("kind", kind), ("name", name)):
            object.__setattr__(self, f"_patchmill_{slot}", value)
        object.__setattr__(self, "_tainted", False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _get_slot(self, "_patchmill_ends").ask("call", self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return _get_slot(self, "_patchmill_ends").ask("getattr", self, (name,))

    def __setattr__(self, name: str, value: Any) -> None:
        _get_slot(self, "_patchmill_ends").ask("setattr", self, (name, value))

    def __delattr__(self, name: str) -> None:
        _get_slot(self, "_patchmill_ends").ask("delattr", self, (name,))

    def __eq__(self, other: object) -> bool:
        return _compare(self, "eq", other)

    def __ne__(self, other: object) -> bool:
        return _compare(self, "ne", other)

    def __hash__(self) -> int:
        return int(_get_slot(self, "_patchmill_ends").ask("hash", self))

    def __bool__(self) -> bool:
        return _ask_untainted(self, "bool") is True

    def __instancecheck__(self, instance: Any) -> bool:
        if not isinstance(instance, Proxy):
            return False
        return _get_slot(self, "_patchmill_ends").ask("isinstance", instance, (self,)) is True

    def __subclasscheck__(self, kind: Any) -> bool:
        return _get_slot(self, "_patchmill_ends").ask("issubclass", kind, (self,)) is True

    def __iter__(self) -> Iterator[Any]:
        _require_untainted(self)
        iterator = _get_slot(self, "_patchmill_ends").ask("iter", self)
        return iterator if isinstance(iterator, Proxy) else iter(iterator)

    def __len__(self) -> int:
        _require_untainted(self)
        return int(_get_slot(self, "_patchmill_ends").ask("len", self))

    def __contains__(self, item: Any) -> bool:
        _require_untainted(self)
        _get_slot(self, "_patchmill_ends").notes.add("handle_contains")
        return _get_slot(self, "_patchmill_ends").ask("contains", self, (item,)) is True


def describe(value: object) -> str | None:
    """Return in words what kind of object a proxy stands for; None for anything that is no proxy."""
    if not isinstance(value, Proxy):
        return None
    kind, name = _get_slot(value, "_patchmill_kind"), _get_slot(value, "_patchmill_name")
    return {"class": "a class", "function": "a function", "module": "a module"}.get(
        kind, f"an object of class {name!r}"
    )


def _compare(self: Proxy, op: str, other: object) -> bool:
    if self is other:
        return op == "eq"
    ends = _get_slot(self, "_patchmill_ends")
    if not isinstance(other, Proxy):
        ends.notes.add("uncarried")
        return op == "ne"
    ends.notes.add("handle_eq")
    return ends.ask(op, self, (other,)) is True


def _make_refusal(self: Proxy) -> NotPlainError:
    """Note that an object did not cross, and return the error for its use as plain data."""
    _get_slot(self, "_patchmill_ends").notes.add("uncarried")
    return NotPlainError(f"the answer is an object of class {_get_slot(self, '_patchmill_name')!r}, not plain data")


def _require_untainted(self: Proxy) -> None:
    """Raise NotPlainError for the result of an operation with the tests' own data: it must not become plain data."""
    if _get_slot(self, "_tainted"):
        raise _make_refusal(self)


def _ask_untainted(self: Proxy, op: str, *args: Any) -> Any:
    """Perform an operation that may give plain data; raises NotPlainError for a tainted proxy."""
    _require_untainted(self)
    return _get_slot(self, "_patchmill_ends").ask(op, self, args)


# Error messages of tests show the names of these three, as in `_binary.<locals>.operate() missing 1 argument`.
def _unary(op: str) -> Callable[..., Any]:
    """Return the method of an operator whose result may be a number."""
    return lambda self, *args: _ask_untainted(self, op, *args)


def _plain(op: str) -> Callable[..., Any]:
    """Return the method of an operation that is passed on as it is."""
    return lambda self, *args: _get_slot(self, "_patchmill_ends").ask(op, self, args)


def _binary(op: str, ordering: bool) -> Callable[..., Any]:
    """Return the method of an operator with two operands; one with plain data gives a tainted proxy, or nothing."""

    def operate(self: Proxy, other: Any) -> Any:
        tainted = _get_slot(self, "_tainted") or not isinstance(other, Proxy) or _get_slot(other, "_tainted")
        if ordering and tainted:
            raise _make_refusal(self)
        result = _get_slot(self, "_patchmill_ends").ask(op, self, (other,))
        if tainted:
            if not isinstance(result, Proxy):
                raise _make_refusal(self)
            object.__setattr__(result, "_tainted", True)
        return result

    return operate


_UNARY = ("abs", "neg", "pos", "invert", "int", "float", "complex", "index", "round", "trunc", "floor", "ceil")
_PLAIN = ("next", "reversed", "getitem", "setitem", "delitem", "str", "repr", "format", "bytes", "enter", "exit")
_ORDER = ("lt", "le", "gt", "ge")
ARITHMETIC = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift", "matmul",
)  # fmt: skip
for _op in _UNARY:
    setattr(Proxy, f"__{_op}__", _unary(_op))
for _op in _PLAIN:
    setattr(Proxy, f"__{_op}__", _plain(_op))
for _op in _ORDER:
    setattr(Proxy, f"__{_op}__", _binary(_op, True))
for _op in ARITHMETIC:
    setattr(Proxy, f"__{_op}__", _binary(_op, False))
    setattr(Proxy, f"__r{_op}__", _binary("r" + _op, False))
