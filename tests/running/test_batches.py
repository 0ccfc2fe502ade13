import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.running.batches import batches


@given(st.lists(st.integers()), st.integers(1, 7))
def test_nothing_is_lost_or_reordered(items: list[int], rows: int) -> None:
    cut = list(batches(iter(items), rows, 60))
    assert [x for batch in cut for x in batch] == items
    assert all(len(batch) == rows for batch in cut[:-1])


def test_a_slow_stream_is_committed_by_the_clock() -> None:
    def slow() -> Iterator[int]:
        for n in range(3):
            time.sleep(0.06)
            yield n

    assert list(batches(slow(), 100, 0.05)) == [[0], [1], [2]]


def test_what_arrived_before_a_failure_is_kept() -> None:
    def failing() -> Iterator[int]:
        yield from (1, 2, 3)
        raise RuntimeError("server gone")

    kept: list[list[int]] = []
    with pytest.raises(RuntimeError, match="server gone"):
        for batch in batches(failing(), 2, 60):
            kept.append(batch)
    assert kept == [[1, 2], [3]]
