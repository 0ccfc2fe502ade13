"""Peer and Ends for tests that may use numpy and pandas.

Both libraries ask any object they meet what it is, and take its word: `__array_interface__` names memory to read,
`_typ` claims to be a frame. A program's objects are never asked; to numpy they are opaque, or sequences. And what numpy
has had in its hands, after test data went into it, never turns into data again: `np.sqrt((got - want) ** 2)` calls a
method `sqrt` of each object. Arrays of the tests come home as the call has left them, as lists do.
"""

import sys
import types
from typing import Any

from .peer import Peer
from .proxy import ARITHMETIC, Ends, NotPlainError, Proxy

PROBES = ("__array", "__arrow", "__cuda_array", "__dataframe", "__dlpack", "_typ", "_mgr")
COMPARES = (
    "equals",
    "identical",
    "eq",
    "ne",
)  # methods of arrays and frames that a program's object may pretend to have
CALLABLE = ("ufunc", "_ArrayFunctionDispatcher", "vectorize")


def from_packages(value: Any) -> bool:
    """Whether it is an object of numpy's or pandas' own, or such a module."""
    name = value.__name__ if isinstance(value, types.ModuleType) else type(value).__module__
    return isinstance(name, str) and name.partition(".")[0] in ("numpy", "pandas")


class ArrayPeer(Peer):
    """A peer whose mutable arguments may be arrays and frames."""

    def request(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """See Peer.request."""
        outcome = super().request(op, subject, args, kwargs)
        if outcome[0] and type(outcome[2]) is tuple:
            home((args, kwargs or {}), outcome[2])
        return outcome


class Draws:
    """A random generator of the tests', as a program may use it: without the addresses of its insides."""

    __slots__ = ("_generator",)

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "bit_generator":
            raise AttributeError(name)
        return getattr(self._generator, name)


class TestsPeer(ArrayPeer):
    """The driver's end. Objects of numpy and pandas have methods that write files and run text: none is given away."""

    def _export(self, value: Any) -> bytes:
        if not from_packages(value) or type(value).__name__ in CALLABLE:
            return super()._export(value)
        if type(value).__name__ in ("Generator", "RandomState"):
            return super()._export(self._draws(value))
        raise NotPlainError(f"the tests hand over a {type(value).__name__}, which does not cross to the program")

    def _draws(self, generator: Any) -> Draws:
        made: dict[int, Draws] = self.__dict__.setdefault("_made_draws", {})
        return made.setdefault(id(generator), Draws(generator))


class ArrayEnds(Ends):
    """Ends whose proxies may fall into numpy's hands."""

    def __init__(self) -> None:
        super().__init__()
        self._touched: set[int] = set()
        """Numbers of objects that numpy has met, and of what came of them."""
        self._compares: set[int] = set()
        """Numbers of methods that would compare."""

    def ask(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """See Ends.ask."""
        if type(subject) is not Proxy:
            return self._asked(op, subject, args, kwargs)
        number = object.__getattribute__(subject, "_patchmill_number")
        name = args[0] if op in ("getattr", "setattr") else ""
        if name.startswith(PROBES):
            self._touched.add(number)
            raise AttributeError(name)
        bulk = any(map(from_packages, (*args, *(kwargs or {}).values())))
        if bulk and number in self._compares:
            raise self._refusal("the answer is an object that would compare itself, not plain data")
        value = self._asked(op, subject, args, kwargs)
        return self._kept(op, subject, number, value, bulk and op.removeprefix("r") in ARITHMETIC, name)

    def _kept(self, op: str, subject: Any, number: int, value: Any, bulk: bool, name: str) -> Any:
        strict = number in self._touched and object.__getattribute__(subject, "_tainted")
        if type(value) is Proxy:
            made = object.__getattribute__(value, "_patchmill_number")
            if bulk or number in self._touched:
                self._touched.add(made)
            if strict:
                object.__setattr__(value, "_tainted", True)
            if name in COMPARES:
                self._compares.add(made)
        elif strict and op not in ("eq", "ne"):
            kind = object.__getattribute__(subject, "_patchmill_name")
            raise self._refusal(f"the answer is an object of class {kind!r}, not plain data")
        return value

    def _asked(self, op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
        try:
            return super().ask(op, subject, args, kwargs)
        except NotPlainError:
            self.notes.add("uncarried")
            raise

    def _refusal(self, text: str) -> NotPlainError:
        self.notes.add("uncarried")
        return NotPlainError(text)


def home(old: Any, new: Any) -> Any:
    """Write arrays and frames of `new` into those of `old`, as deep as both have the same shape.

    Returns:
        What belongs in place of `new`: the `old` one where it has taken the content.
    """
    if type(old) is type(new) and type(old) in (list, tuple) and len(old) == len(new):
        for at, (was, now) in enumerate(zip(old, new, strict=True)):
            kept = home(was, now)
            if type(new) is list:
                new[at] = kept
        return new
    if isinstance(old, dict) and type(old) is type(new):
        for key in new.keys() & old.keys():
            new[key] = home(old[key], new[key])
        return new
    return old if _written(old, new) else new


def _written(old: Any, new: Any) -> bool:
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
