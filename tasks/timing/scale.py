"""Larger inputs of the kind that a test has: a function of the call, the scale and a seed.

Containers grow in length and keep their shape: the types of their elements, sorted order, whether elements are
distinct or how often they recur, lengths that are equal, and an integer argument that is a container's length. Integers
in them are drawn from a range that grows as well, so that sorting them or looking for duplicates is work. Where no
argument is a container, integers grow. Sizes depend on the scale alone; the seed chooses the values.
"""

import math
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tasks.timing.calls import Call

FEW_FIELDS = 3  # lists in a list that all have so few elements are taken for records, whose length has a meaning
JITTER = 64  # integers that stand alone vary by one in so many

Rng = random.Random


def grows(call: Call) -> bool:
    """Whether anything in the call can be made larger."""
    values = _values(call)
    return any(_is_container(value) for value in values) or any(_is_int(v) and abs(v) > 1 for v in values)


def scaled(call: Call, scale: float, seed: str) -> Call:
    """The call with inputs `scale` (at least 1) times as large."""
    rng = Rng(seed)
    values = _values(call)
    if any(map(_is_container, values)):
        lengths = {len(value): _size(len(value), scale) for value in values if _is_container(value)}
        grown = [_grown(v, scale, rng) if _is_container(v) else lengths.get(v, v) if _is_int(v) else v for v in values]
    else:
        drawn: dict[int, int] = {}  # equal arguments stay equal
        grown = [drawn.setdefault(v, _larger(v, scale, rng)) if _is_int(v) else v for v in values]
    args, named = grown[: len(call.args)], grown[len(call.args) :]
    return Call(tuple(args), dict(zip(call.kwargs, named, strict=True)), call.around)


def _values(call: Call) -> list[Any]:
    return [*call.args, *call.kwargs.values()]


def _is_int(value: Any) -> bool:
    return type(value) is int


def _is_container(value: Any) -> bool:
    """A text of one character is a character."""
    if isinstance(value, str | bytes):
        return len(value) > 1
    return isinstance(value, list | tuple | set | dict) and len(value) > 0


def _size(length: int, scale: float) -> int:
    return max(1, round(length * scale)) if length else 0


def _times(value: int, scale: float) -> int:
    """In integers: one of hundreds of digits is no float."""
    return abs(value) * round(scale * 1024) // 1024 * (1 if value > 0 else -1)


def _larger(value: int, scale: float, rng: Rng) -> int:
    most = _times(abs(value), scale)
    return (1 if value > 0 else -1) * (most - rng.randint(0, most // JITTER))


def _grown(value: Any, scale: float, rng: Rng) -> Any:
    length = _size(len(value), scale)
    match value:
        case str():
            return "".join(rng.choices(value, k=length))
        case bytes():
            return bytes(rng.choices(value, k=length))
        case set():
            return set(_drawn(sorted(value, key=repr), length, scale, rng))
        case dict():
            keys = _drawn(list(value), length, scale, rng)
            return dict(zip(keys, _drawn(list(value.values()), length, scale, rng), strict=True))
        case list() | tuple():
            if _is_matrix(value):
                width, height = (_size(side, math.sqrt(scale)) for side in (len(value[0]), len(value)))
                return type(value)(_cut([part for row in value for part in row], [width] * height, list, scale, rng))
            return type(value)(_drawn(list(value), length, scale, rng))
    raise AssertionError(f"no container: {type(value).__name__}")


def _drawn(values: list[Any], count: int, scale: float, rng: Rng) -> list[Any]:
    """`count` elements like these."""
    kinds = set(map(type, values))
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind in (list, tuple, dict):
        return _rows(values, count, scale, rng)
    draw = _FRESH.get(kind) if kind else None
    if draw is None:  # None, booleans, and what has several types
        return rng.choices(values, k=count)
    different = len(set(values))
    apart = different == len(values)
    wanted = count if apart else 1 if different == 1 else max(different, round(count * different / len(values)))
    fresh = draw(values, wanted, scale, apart, rng)
    chosen = [*fresh[:count], *rng.choices(fresh, k=max(0, count - len(fresh)))]
    rng.shuffle(chosen)
    if len(values) > 1 and values in (sorted(values), sorted(values, reverse=True)):
        chosen.sort(reverse=values != sorted(values))
    return chosen


def _integers(values: list[int], wanted: int, scale: float, apart: bool, rng: Rng) -> list[int]:
    low, high = min(values), max(values)
    if low >= 0 and high <= 1 and not apart:
        return [low, high]  # bits
    low, high = min(low, _times(low, scale)), max(high, _times(high, scale))
    high = max(high, low + wanted - 1)
    if high - low > sys.maxsize // 2:  # too many for a sample to count; no two of them are the same
        return [rng.randint(low, high) for _ in range(wanted)]
    return rng.sample(range(low, high + 1), wanted)


def _floats(values: list[float], wanted: int, scale: float, apart: bool, rng: Rng) -> list[float]:
    places = max(len(repr(value).partition(".")[2]) for value in values)
    low, high = min(values), max(values)
    return [round(rng.uniform(low, high * scale if high > 0 else high), min(places + 2, 6)) for _ in range(wanted)]


def _texts(values: list[str], wanted: int, scale: float, apart: bool, rng: Rng) -> list[str]:
    letters = sorted("".join(values))  # as often as they occur
    alphabet = len(set(letters))
    if alphabet == 0:
        return [""]
    lengths = [len(value) for value in values]
    if apart and alphabet > 1:  # long enough that there are enough of them
        least = math.ceil(math.log(2 * wanted) / math.log(alphabet))
        lengths = [max(length, least) for length in lengths]
    elif alphabet ** min(max(lengths), 20) < 2 * wanted:
        return values
    found: dict[str, None] = {}
    for _ in range(4 * wanted):
        found["".join(rng.choices(letters, k=rng.choice(lengths)))] = None
        if len(found) == wanted:
            break
    return list(found)


_FRESH: dict[type, Callable[[list[Any], int, float, bool, Rng], list[Any]]] = {
    int: _integers, float: _floats, str: _texts
}  # fmt: skip


def _rows(values: list[Any], count: int, scale: float, rng: Rng) -> list[Any]:
    """Records keep their fields, each drawn like its column; other rows vary in length as they did."""
    first = values[0]
    if isinstance(first, dict):
        if any(row.keys() != first.keys() for row in values):
            return rng.choices(values, k=count)
        columns = [_drawn([row[key] for row in values], count, scale, rng) for key in first]
        return [dict(zip(first, row, strict=True)) for row in zip(*columns, strict=True)] if first else [{}] * count
    lengths = [len(row) for row in values]
    flat = [part for row in values for part in row]
    if not flat or any(isinstance(part, list | tuple | dict) for part in flat):
        return rng.choices(values, k=count)
    if len(set(lengths)) == 1 and (isinstance(first, tuple) or lengths[0] <= FEW_FIELDS):
        return _records(values, count, scale, rng)
    return _cut(flat, rng.choices(lengths, k=count), type(first), scale, rng)


def _is_matrix(rows: Sequence[Any]) -> bool:
    """Lists of one length in a list: a square, or wider than a record."""
    if not all(type(row) is list for row in rows) or any(isinstance(part, list | tuple | dict) for part in rows[0]):
        return False
    width = len(rows[0])
    return all(len(row) == width for row in rows) and width > 1 and (width > FEW_FIELDS or width == len(rows))


def _records(values: list[Any], count: int, scale: float, rng: Rng) -> list[Any]:
    columns = [_drawn([row[at] for row in values], count, scale, rng) for at in range(len(values[0]))]
    made = [list(row) for row in zip(*columns, strict=True)]
    numbers = all(type(part) in (int, float) for row in values for part in row)
    if numbers and len(values[0]) > 1 and all(list(row) == sorted(row) for row in values):
        made = [sorted(row) for row in made]  # intervals
    return [type(values[0])(row) for row in made]


def _cut(flat: list[Any], lengths: list[int], kind: type, scale: float, rng: Rng) -> list[Any]:
    drawn = iter(_drawn(flat, sum(lengths), scale, rng))
    return [kind(next(drawn) for _ in range(length)) for length in lengths]
