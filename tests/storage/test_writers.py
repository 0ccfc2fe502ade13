"""Several writers on one lake lose no row, and a killed one leaves whole batches."""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from storage.catalog import Catalog
from storage.errors import HeldError, LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import DROPS
from tests.builders import row
from tests.storage.hooked_tables import lake_with_hooks
from tests.waiting import until


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "a lake"), buckets=4))


def drop_row(n: int, **columns: object) -> dict[str, object]:
    return row(DROPS, stage="s", row_id=str(n), bucket=n % 4, **columns)


def count_rows(lake: Lake, source: str = "drops") -> int:
    with Catalog(lake) as catalog:
        return int(catalog.rows(f"select count(*) as n from {source}")[0]["n"])


def run_threads(*targets: Callable[[], object]) -> None:
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_concurrent_appends_lose_nothing(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(0)])

    def write(first: int) -> None:
        for n in range(first, first + 5):
            Lake(lake.settings).append(DROPS, [drop_row(n)])

    run_threads(*(partial(write, 1 + 5 * i) for i in range(6)))
    assert count_rows(lake, "(select distinct row_id from drops)") == count_rows(lake) == 31


def _append_batches(settings: LakeSettings) -> None:
    lake = Lake(settings)
    for n in range(100_000):
        lake.append(DROPS, [drop_row(n * 10 + i) for i in range(10)])


def _has_rows(lake: Lake, expected: int) -> bool:
    return count_rows(lake) >= expected


def test_kill_9_during_appends_leaves_whole_batches(lake: Lake) -> None:
    for turn in range(1, 4):
        process = multiprocessing.get_context("spawn").Process(target=_append_batches, args=(lake.settings,))
        process.start()
        until(partial(_has_rows, lake, 30 * turn), "batches are appended")
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert count_rows(lake) % 10 == 0


class LogWatch(logging.Handler):
    """Sets an event when a log record contains a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text, self.logged = text, threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self._text in record.getMessage():
            self.logged.set()


@pytest.fixture
def lease_wait() -> Iterator[threading.Event]:
    """Return an event that is set when a thread waits for a lease."""
    log, handler = logging.getLogger("storage.locks.lease"), LogWatch(" waits up to ")
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    yield handler.logged
    log.removeHandler(handler)
    log.setLevel(level)


@pytest.mark.parametrize(
    ("change", "rows_left"),
    [
        pytest.param(lambda lake, _: lake.compact(), 12, id="another compaction"),
        pytest.param(lambda lake, new: lake.replace(DROPS, new), 1, id="all rows replaced"),
        pytest.param(lambda lake, new: lake.replace(DROPS, new, "bucket = 1"), 10, id="some rows replaced"),
    ],
)
def test_no_row_is_there_twice_when_files_change_while_a_compaction_merges_them(
    lake: Lake, lease_wait: threading.Event, change: Callable[[Lake, pa.Table], None], rows_left: int
) -> None:
    for n in range(12):
        lake.append(DROPS, [drop_row(n)])
    opened = threading.Event()

    def wait_for_the_change() -> None:
        opened.set()
        lease_wait.wait(30)  # without a lease the change would not wait, but be done

    compaction = threading.Thread(target=lake_with_hooks(lake, wait_for_the_change).compact)
    compaction.start()
    assert opened.wait(30)
    change(Lake(lake.settings), pa.Table.from_pylist([drop_row(13)], schema=DROPS.schema))
    compaction.join()
    assert lease_wait.is_set()
    assert count_rows(lake) == count_rows(lake, "(select distinct row_id from drops)") == rows_left


def test_upserts_and_appends_of_different_buckets_do_not_disturb_each_other(lake: Lake) -> None:
    lake.append(DROPS, [drop_row(n, reason="old") for n in range(8)])
    errors: list[LakeError] = []

    def write(bucket: int) -> None:
        writer = Lake(lake.settings)
        try:
            for turn in range(5):
                if bucket:
                    writer.upsert(DROPS, [drop_row(bucket, reason=f"turn {turn}")])
                else:
                    writer.append(DROPS, [drop_row(100 + 4 * turn)])
        except LakeError as error:
            errors.append(error)

    run_threads(*(partial(write, bucket) for bucket in range(3)))
    assert errors == []
    assert count_rows(lake) == 8 + 5
    assert count_rows(lake, "drops where reason = 'turn 4'") == 2


def test_a_lake_serves_one_run_at_a_time(lake: Lake) -> None:
    with (
        lake.hold_exclusively(),
        pytest.raises(HeldError, match=f"process {os.getpid()}") as failure,
        Lake(lake.settings).hold_exclusively(),
    ):
        pass
    assert failure.value.pid == os.getpid()
    with lake.hold_exclusively():
        pass
