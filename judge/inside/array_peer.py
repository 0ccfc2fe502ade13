"""Peer and Ends for tests that may use numpy and pandas.

Both libraries ask any object they meet what it is, and believe the answer: `__array_interface__` names memory to read,
`_typ` claims to be a frame. A proxy therefore refuses such questions; to numpy it is opaque, or a sequence.

A proxy that numpy has met, and that comes of an operation with test data, never turns into plain data again: for
`np.sqrt((got - want) ** 2)`, numpy calls a method `sqrt` of each object. Arrays that a call has changed come home, as
lists do.
"""

import sys
import types
from typing import Any

from .peer import Peer
from .proxy import ARITHMETIC, Ends, NotPlainError, Proxy

PROBES = ("__array", "__arrow", "__cuda_array", "__dataframe", "__dlpack", "_typ", "_mgr")
COMPARES = ("equals", "identical", "eq", "ne")  # methods of arrays and frames that a program's object may imitate
CALLABLE = ("ufunc", "_ArrayFunctionDispatcher", "vectorize")


def is_from_packages(value: object) -> bool:
    """Return whether the value is an object or a module of numpy or pandas."""
    name = value.__name__ if isinstance(value, types.ModuleType) else type(value).__module__
    return isinstance(name, str) and name.partition(".")[0] in ("numpy", "pandas")


class ArrayPeer(Peer):
    """A peer whose mutable arguments may be arrays and frames."""

    def request(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """See Peer.request."""
        outcome = super().request(op, subject, args, kwargs)
        if outcome[0] and type(outcome[2]) is tuple:
            bring_arrays_home((args, kwargs or {}), outcome[2])
        return outcome


class Draws:
    """A random generator of the tests as a program may use it: without the addresses of its insides."""

    __slots__ = ("_generator",)

    def __init__(self, generator: object) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "bit_generator":
            raise AttributeError(name)
        return getattr(self._generator, name)


class TestsPeer(ArrayPeer):
    """The driver's end. It hands over no object of numpy or pandas, since those write files and evaluate text."""

    def _export(self, value: Any) -> bytes:
        if not is_from_packages(value) or type(value).__name__ in CALLABLE:
            return super()._export(value)
        if type(value).__name__ in ("Generator", "RandomState"):
            return super()._export(self._wrap_generator(value))
        raise NotPlainError(f"the tests hand over a {type(value).__name__}, which does not cross to the program")

    def _wrap_generator(self, generator: object) -> Draws:
        wrapped: dict[int, Draws] = self.__dict__.setdefault("_draws", {})
        return wrapped.setdefault(id(generator), Draws(generator))


class ArrayEnds(Ends):
    """Ends whose proxies numpy and pandas may meet."""

    def __init__(self) -> None:
        super().__init__()
        self._touched: set[int] = set()
        """Numbers of proxies that numpy has met, and of those that came of them."""
        self._compares: set[int] = set()
        """Numbers of proxies of methods that would compare."""

    def ask(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """See Ends.ask."""
        if type(subject) is not Proxy:
            return self._ask_noting(op, subject, args, kwargs)
        number = object.__getattribute__(subject, "_patchmill_number")
        name = args[0] if op in ("getattr", "setattr") else ""
        if name.startswith(PROBES):
            self._touched.add(number)
            raise AttributeError(name)
        bulk = any(map(is_from_packages, (*args, *(kwargs or {}).values())))
        if bulk and number in self._compares:
            raise self._make_refusal("the answer is an object that would compare itself, not plain data")
        value = self._ask_noting(op, subject, args, kwargs)
        self._mark(op, subject, number, value, bulk and op.removeprefix("r") in ARITHMETIC, name)
        return value

    def _mark(self, op: str, subject: Any, number: int, value: Any, bulk: bool, name: str) -> None:
        """Note a result that numpy has met; raises NotPlainError where a tainted object became plain data."""
        strict = number in self._touched and object.__getattribute__(subject, "_tainted")
        if type(value) is Proxy:
            result = object.__getattribute__(value, "_patchmill_number")
            if bulk or number in self._touched:
                self._touched.add(result)
            if strict:
                object.__setattr__(value, "_tainted", True)
            if name in COMPARES:
                self._compares.add(result)
        elif strict and op not in ("eq", "ne"):
            kind = object.__getattribute__(subject, "_patchmill_name")
            raise self._make_refusal(f"the answer is an object of class {kind!r}, not plain data")

    def _ask_noting(self, op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
        try:
            return super().ask(op, subject, args, kwargs)
        except NotPlainError:
            self.notes.add("uncarried")
            raise

    def _make_refusal(self, text: str) -> NotPlainError:
        self.notes.add("uncarried")
        return NotPlainError(text)


def bring_arrays_home(old: Any, new: Any) -> Any:
    """Write arrays and frames of `new` into those of `old`, as deep as both have the same shape.

    Returns:
        The value to use in place of `new`: the `old` one where it has taken the content.
    """
    if type(old) is type(new) and type(old) in (list, tuple) and len(old) == len(new):
        for at, (old_item, new_item) in enumerate(zip(old, new, strict=True)):
            item = bring_arrays_home(old_item, new_item)
            if type(new) is list:
                new[at] = item
        return new
    if isinstance(old, dict) and type(old) is type(new):
        for key in new.keys() & old.keys():
            new[key] = bring_arrays_home(old[key], new[key])
        return new
    return old if _overwrite(old, new) else new


def _overwrite(old: Any, new: Any) -> bool:
    """Give an array or frame the content of another. Return False where they are no such pair."""
    np, pd = sys.modules.get("numpy"), sys.modules.get("pandas")
    if np is not None and isinstance(old, np.ndarray):
        alike = isinstance(new, np.ndarray) and old.shape == new.shape and old.dtype.newbyteorder("=") == new.dtype
        if alike and old.flags.writeable:
            np.asarray(old)[...] = new
        return bool(alike)
    if pd is not None and type(old) is type(new) and type(old) in (pd.DataFrame, pd.Series):
        type(old).__init__(old, new)
        return True
    return False
