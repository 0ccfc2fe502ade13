"""Make larger inputs like those of a test: a pure function of the call, the scale and a seed.

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

from tasks.timing.calls import LiteralCall

MAX_FIELDS = 3  # lists in a list that all have so few elements are taken for records, whose length has a meaning
JITTER = 64  # integers that are arguments themselves vary by one part in so many

Rng = random.Random


def can_grow(call: LiteralCall) -> bool:
    """Return whether any argument of the call can be made larger."""
    values = _list_arguments(call)
    return any(_is_container(value) for value in values) or any(_is_int(v) and abs(v) > 1 for v in values)


def scale_call(call: LiteralCall, scale: float, seed: str) -> LiteralCall:
    """Return the call with inputs `scale` (at least 1) times as large and values drawn by the seed."""
    rng = Rng(seed)
    values = _list_arguments(call)
    if any(map(_is_container, values)):
        new_lengths = {len(value): _scale_length(len(value), scale) for value in values if _is_container(value)}
        scaled = [
            _scale_container(v, scale, rng) if _is_container(v) else new_lengths.get(v, v) if _is_int(v) else v
            for v in values
        ]
    else:
        drawn: dict[int, int] = {}  # equal arguments stay equal
        scaled = [drawn.setdefault(v, _scale_integer(v, scale, rng)) if _is_int(v) else v for v in values]
    args, kwargs = scaled[: len(call.args)], scaled[len(call.args) :]
    return LiteralCall(tuple(args), dict(zip(call.kwargs, kwargs, strict=True)), call.wrapper)


def _list_arguments(call: LiteralCall) -> list[Any]:
    return [*call.args, *call.kwargs.values()]


def _is_int(value: Any) -> bool:
    return type(value) is int


def _is_container(value: Any) -> bool:
    """Return whether a value has elements; a text of one character counts as a character."""
    if isinstance(value, str | bytes):
        return len(value) > 1
    return isinstance(value, list | tuple | set | dict) and len(value) > 0


def _scale_length(length: int, scale: float) -> int:
    return max(1, round(length * scale)) if length else 0


def _multiply(value: int, scale: float) -> int:
    """Return value * scale in integer arithmetic, since a value of hundreds of digits is no float."""
    return abs(value) * round(scale * 1024) // 1024 * (1 if value > 0 else -1)


def _scale_integer(value: int, scale: float, rng: Rng) -> int:
    largest = _multiply(abs(value), scale)
    return (1 if value > 0 else -1) * (largest - rng.randint(0, largest // JITTER))


def _scale_container(value: Any, scale: float, rng: Rng) -> Any:
    length = _scale_length(len(value), scale)
    match value:
        case str():
            return "".join(rng.choices(value, k=length))
        case bytes():
            return bytes(rng.choices(value, k=length))
        case set():
            return set(_draw_elements(sorted(value, key=repr), length, scale, rng))
        case dict():
            keys = _draw_elements(list(value), length, scale, rng)
            return dict(zip(keys, _draw_elements(list(value.values()), length, scale, rng), strict=True))
        case list() | tuple():
            if _is_matrix(value):
                width, height = (_scale_length(side, math.sqrt(scale)) for side in (len(value[0]), len(value)))
                elements = [element for row in value for element in row]
                return type(value)(_draw_rows(elements, [width] * height, list, scale, rng))
            return type(value)(_draw_elements(list(value), length, scale, rng))
    raise AssertionError(f"no container: {type(value).__name__}")


def _draw_elements(samples: list[Any], count: int, scale: float, rng: Rng) -> list[Any]:
    """Draw `count` elements like the samples."""
    types = set(map(type, samples))
    element_type = types.pop() if len(types) == 1 else None
    if element_type in (list, tuple, dict):
        return _draw_nested(samples, count, scale, rng)
    draw = _DRAW_BY_TYPE.get(element_type) if element_type else None
    if draw is None:  # None, booleans, and elements of several types
        return rng.choices(samples, k=count)
    different = len(set(samples))
    are_distinct = different == len(samples)
    if are_distinct:
        new_values = count
    else:
        new_values = 1 if different == 1 else max(different, round(count * different / len(samples)))
    pool = draw(samples, new_values, scale, are_distinct, rng)
    elements = [*pool[:count], *rng.choices(pool, k=max(0, count - len(pool)))]
    rng.shuffle(elements)
    if len(samples) > 1 and samples in (sorted(samples), sorted(samples, reverse=True)):
        elements.sort(reverse=samples != sorted(samples))
    return elements


def _draw_integers(samples: list[int], count: int, scale: float, are_distinct: bool, rng: Rng) -> list[int]:
    """Draw `count` distinct integers from the samples' range, made larger; bits stay bits."""
    low, high = min(samples), max(samples)
    if low >= 0 and high <= 1 and not are_distinct:
        return [low, high]
    low, high = min(low, _multiply(low, scale)), max(high, _multiply(high, scale))
    high = max(high, low + count - 1)
    if high - low > sys.maxsize // 2:  # too many for random.sample to count; no two draws are the same
        return [rng.randint(low, high) for _ in range(count)]
    return rng.sample(range(low, high + 1), count)


def _draw_floats(samples: list[float], count: int, scale: float, are_distinct: bool, rng: Rng) -> list[float]:
    """Draw `count` floats from the samples' range, made larger, with about as many decimal places."""
    places = max(len(repr(value).partition(".")[2]) for value in samples)
    low, high = min(samples), max(samples)
    return [round(rng.uniform(low, high * scale if high > 0 else high), min(places + 2, 6)) for _ in range(count)]


def _draw_texts(samples: list[str], count: int, scale: float, are_distinct: bool, rng: Rng) -> list[str]:
    """Draw `count` distinct texts of the samples' letters and lengths, or fewer where there are not so many."""
    letters = sorted("".join(samples))  # each as often as it occurs
    alphabet = len(set(letters))
    if alphabet == 0:
        return [""]
    lengths = [len(text) for text in samples]
    if are_distinct and alphabet > 1:  # long enough that there are enough of them
        least = math.ceil(math.log(2 * count) / math.log(alphabet))
        lengths = [max(length, least) for length in lengths]
    elif alphabet ** min(max(lengths), 20) < 2 * count:
        return samples
    texts: dict[str, None] = {}  # a dict keeps the order
    for _ in range(4 * count):
        texts["".join(rng.choices(letters, k=rng.choice(lengths)))] = None
        if len(texts) == count:
            break
    return list(texts)


_DRAW_BY_TYPE: dict[type, Callable[[list[Any], int, float, bool, Rng], list[Any]]] = {
    int: _draw_integers, float: _draw_floats, str: _draw_texts
}  # fmt: skip


def _draw_nested(samples: list[Any], count: int, scale: float, rng: Rng) -> list[Any]:
    """Draw `count` rows: records keep their fields, each drawn like its column; other rows keep their lengths."""
    first = samples[0]
    if isinstance(first, dict):
        if any(row.keys() != first.keys() for row in samples):
            return rng.choices(samples, k=count)
        columns = [_draw_elements([row[key] for row in samples], count, scale, rng) for key in first]
        return [dict(zip(first, row, strict=True)) for row in zip(*columns, strict=True)] if first else [{}] * count
    lengths = [len(row) for row in samples]
    elements = [element for row in samples for element in row]
    if not elements or any(isinstance(element, list | tuple | dict) for element in elements):
        return rng.choices(samples, k=count)
    if len(set(lengths)) == 1 and (isinstance(first, tuple) or lengths[0] <= MAX_FIELDS):
        return _draw_records(samples, count, scale, rng)
    return _draw_rows(elements, rng.choices(lengths, k=count), type(first), scale, rng)


def _is_matrix(rows: Sequence[Any]) -> bool:
    """Return whether rows are lists of one length without containers: a square, or wider than a record."""
    if not all(type(row) is list for row in rows) or any(isinstance(part, list | tuple | dict) for part in rows[0]):
        return False
    width = len(rows[0])
    return all(len(row) == width for row in rows) and width > 1 and (width > MAX_FIELDS or width == len(rows))


def _draw_records(samples: list[Any], count: int, scale: float, rng: Rng) -> list[Any]:
    """Draw `count` records column by column; records of ascending numbers (intervals) stay ascending."""
    columns = [_draw_elements([row[index] for row in samples], count, scale, rng) for index in range(len(samples[0]))]
    records = [list(row) for row in zip(*columns, strict=True)]
    are_numbers = all(type(field) in (int, float) for row in samples for field in row)
    if are_numbers and len(samples[0]) > 1 and all(list(row) == sorted(row) for row in samples):
        records = [sorted(row) for row in records]
    return [type(samples[0])(row) for row in records]


def _draw_rows(samples: list[Any], lengths: list[int], row_type: type, scale: float, rng: Rng) -> list[Any]:
    """Draw elements like the samples and cut them into rows of the given lengths."""
    elements = iter(_draw_elements(samples, sum(lengths), scale, rng))
    return [row_type(next(elements) for _ in range(length)) for length in lengths]
