"""Ctrl-C stops a query whichever thread of DuckDB's does the work, and leaves nothing of itself behind."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import duckdb
import pytest

from storage.interrupts import interruptible

LONG = "select sum(range) from range(1000000000000)"


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # who is started in the background ignores it
    with duckdb.connect() as db:
        yield db
    signal.signal(signal.SIGINT, before)


def press(after_s: float) -> None:
    threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_it_stops_a_query_every_time_and_the_next_one_runs(db: duckdb.DuckDBPyConnection) -> None:
    for _ in range(20):
        press(0.05)
        with pytest.raises(KeyboardInterrupt), interruptible(db):
            db.sql(LONG).to_arrow_table()
        with interruptible(db):
            assert db.sql("select 42").fetchall() == [(42,)]


def test_pressed_just_before_a_query_it_stops_that_too(db: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(KeyboardInterrupt), interruptible(db):
        os.kill(os.getpid(), signal.SIGINT)
        db.sql(LONG).to_arrow_table()


def test_what_stood_there_before_stands_there_again(db: duckdb.DuckDBPyConnection) -> None:
    threads = threading.active_count()
    for _ in range(3):
        with interruptible(db):
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1 and threading.active_count() == threads
    press(0.05)
    with pytest.raises(KeyboardInterrupt):
        time.sleep(5)


def test_an_error_of_the_query_is_its_own(db: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException), interruptible(db):
        db.sql("from nowhere")
    with pytest.raises(duckdb.InterruptException), interruptible(db):
        raise duckdb.InterruptException("of somebody else")


def test_where_it_is_ignored_it_stays_ignored(db: duckdb.DuckDBPyConnection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    press(0.02)
    with interruptible(db):
        assert db.sql("select count(*) from range(200000000)").fetchall() == [(200000000,)]
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_in_another_thread_it_changes_nothing(db: duckdb.DuckDBPyConnection) -> None:
    seen: list[object] = []

    def ask() -> None:
        with interruptible(db):
            seen.append((signal.getsignal(signal.SIGINT), db.sql("select 42").fetchall()))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [(signal.default_int_handler, [(42,)])]
