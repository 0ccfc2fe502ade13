"""Turn a value into text for a message: short, deterministic, and never by code of the candidate."""

import re
import reprlib
from typing import Any

from .proxy import describe

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
MAX_CHARACTERS = 400
MAX_BITS = 14_000  # of an integer that is shown by its digits: 4,214 of them


class _ShortRepr(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = self.maxdeque = 60
        self.maxstring = self.maxlong = self.maxother = 300
        self.maxlevel = 12

    def repr1(self, x: object, level: int) -> str:
        return describe(x) or super().repr1(x, level)

    def repr_int(self, x: int, level: int) -> str:
        # Decimal digits of large integers take quadratic time.
        return f"{hex(x)[:40]}... ({x.bit_length()} bits)" if x.bit_length() > MAX_BITS else super().repr_int(x, level)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        # reprlib sorts keys; a dict shows its own order.
        if level <= 0:
            return "{...}"
        items = list(x.items())
        parts = [f"{self.repr1(k, level - 1)}: {self.repr1(v, level - 1)}" for k, v in items[: self.maxdict]]
        return "{" + ", ".join(parts + ["..."] * (len(items) > self.maxdict)) + "}"


_short_repr = _ShortRepr()


def show(value: object) -> str:
    """Return the value as at most 400 characters, without addresses."""
    try:
        text = _short_repr.repr(value)
    except Exception as error:
        text = f"a {type(value).__name__} whose text is not to be had ({type(error).__name__})"
    text = _ADDRESS.sub("", text)
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 3] + "..."
