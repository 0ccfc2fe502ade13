"""Draw columns of synthetic rows as Arrow arrays: texts, ids, choices. The generator passed in decides all values."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from storage.columns import Table

TEXTS = 4000
_WORDS = [
    f"{a}{b}" for a in ("sum", "max", "list", "word", "pair", "left", "best", "key") for b in ("", "_x", "_n", "s")
]
_LINES = (
    "    for {0} in range(len({1})):", "        if {0} > {1}[{2}]:", "            {0} += {1} * {2}",
    "    {0} = sorted({1}, key=lambda item: item[{2}])", "    while {0} < {1}:", "        {0} = {1} - {2}",
    "    {0}, {1} = {1}, {0} % {2}", "    # {0} holds the {1} of the {2}", "    return {0}.get({1}, {2})",
)  # fmt: skip
Dice = np.random.Generator


def programs(dice: Dice) -> pa.Array:
    """TEXTS programs of 5 to 40 lines."""

    def program() -> str:
        picks = dice.integers(0, len(_WORDS), (dice.integers(5, 40), 3)).tolist()
        body = [_LINES[row[0] % len(_LINES)].format(*(_WORDS[word] for word in row)) for row in picks]
        return f"def solve({_WORDS[picks[0][0]]}):\n" + "\n".join(body)

    return pa.array([program() for _ in range(TEXTS)])


def sentences(dice: Dice) -> pa.Array:
    """TEXTS sentences of 20 to 120 words."""
    return pa.array(
        [" ".join(_WORDS[w] for w in dice.integers(0, len(_WORDS), dice.integers(20, 120))) + "." for _ in range(TEXTS)]
    )


def ids(dice: Dice, count: int) -> pa.Array:
    """Random ids of 24 hexadecimal digits."""
    return _hex(dice.bytes(12 * count))


def problem_ids(dice: Dice, count: int, bucket: int, buckets: int) -> pa.Array:
    """Ids that lie in a bucket: it is what their first 8 digits leave as remainder."""
    heads = dice.integers(0, (1 << 32) // buckets, count, dtype=np.uint32) * np.uint32(buckets) + np.uint32(bucket)
    tails = dice.integers(0, 256, (count, 8), dtype=np.uint8)
    return _hex(np.concatenate([heads.astype(">u4").view(np.uint8).reshape(count, 4), tails], axis=1).tobytes())


def _hex(raw: bytes) -> pa.Array:
    return pa.array(np.frombuffer(raw.hex().encode(), dtype="S24"), pa.binary()).cast(pa.string())


def draw(dice: Dice, values: pa.Array, count: int) -> pa.Array:
    """Values drawn at random."""
    return values.take(pa.array(dice.integers(0, len(values), count)))


def choice(dice: Dice, values: tuple[str, ...], count: int, weights: tuple[float, ...] | None = None) -> pa.Array:
    """Values drawn by weight."""
    return pa.array(values).take(pa.array(dice.choice(len(values), count, p=weights)))


def lists(values: pa.Array, each: int) -> pa.Array:
    """Lists of `each` consecutive values."""
    return pa.ListArray.from_arrays(pa.array(np.arange(0, len(values) + 1, each, dtype=np.int32)), values)


def structs(**columns: pa.Array) -> pa.Array:
    """Structs of columns of one length."""
    return pa.StructArray.from_arrays(list(columns.values()), list(columns))


def filled(table: Table, count: int, **columns: Any) -> pa.Table:
    """Return a table of `count` rows; missing columns are constant by type, and a scalar stands for every row."""
    assert not columns.keys() - set(table.schema.names), columns.keys() - set(table.schema.names)
    arrays = [_column(field, count, columns.get(field.name, _default(field))) for field in table.schema]
    return pa.table(arrays, names=table.schema.names)


def _column(field: pa.Field, count: int, value: Any) -> pa.Array:
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value if value.type == field.type else value.cast(field.type)
    if isinstance(value, np.ndarray):
        return pa.array(value, type=field.type)
    if isinstance(value, list):
        return pa.array([value], type=field.type).take(pa.array(np.zeros(count, dtype=np.int64)))
    return pa.repeat(pa.scalar(value, type=field.type), count)


def _default(field: pa.Field) -> Any:
    if field.nullable:
        return None
    if pa.types.is_timestamp(field.type):
        return datetime(2026, 11, 1, tzinfo=UTC)
    if pa.types.is_list(field.type):
        return []
    if pa.types.is_boolean(field.type):
        return False
    return "" if pa.types.is_string(field.type) else 0
