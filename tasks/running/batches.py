"""Cut a slow stream of rows into commits."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batches(stream: Iterable[T], rows: int, seconds: float) -> Iterator[list[T]]:
    """Yield lists of at most `rows` items, smaller ones once `seconds` have passed since the last.

    The clock is read when an item arrives. If the stream fails, the items that arrived before are yielded first.
    """
    batch: list[T] = []
    last = time.monotonic()
    stream = iter(stream)
    while True:
        try:
            batch.append(next(stream))
        except StopIteration:
            break
        except BaseException:
            if batch:
                yield batch
            raise
        if len(batch) >= rows or time.monotonic() - last >= seconds:
            yield batch
            batch, last = [], time.monotonic()
    if batch:
        yield batch
