"""Ctrl-C stops a query whichever thread of DuckDB's does the work, and leaves nothing of itself behind.

Each signal goes to a process that the test starts, see interrupted.py, and never to pytest.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from storage.interrupts import interruptible
from tests.storage.interrupted import TIMES

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.storage.interrupted"]


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        yield db


def output(case: str) -> str:
    """The output of a case, once its process has ended well."""
    done = subprocess.run([*COMMAND, case], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_it_stops_a_query_every_time_and_the_next_one_runs() -> None:
    process = subprocess.Popen(
        [*COMMAND, "stopped_every_time"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        for turn in range(TIMES):
            assert process.stdout.readline() == "asks\n"
            time.sleep(0.005 * turn)  # from before the query's begin to its middle; each moment is as good
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "stopped [(42,)]\n"
        assert process.communicate(timeout=120) == ("", "") and process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_pressed_just_before_a_query_it_stops_that_too() -> None:
    assert output("pressed_just_before") == "stopped\n"


def test_what_stood_there_before_stands_there_again() -> None:
    assert output("put_back") == "put back\n"


def test_where_it_is_ignored_it_stays_ignored() -> None:
    assert output("ignored") == "[(42,)]\n"


def test_the_handler_that_stood_there_before_learns_of_it() -> None:
    assert output("calls_the_handler_before") == f"handles {signal.SIGINT}\nstopped\n"


def test_other_signals_reach_whoever_waits_for_them_while_a_query_runs() -> None:
    assert output("passes_other_signals_on") == f"passed on {signal.SIGTERM}\n"


def test_an_error_of_the_query_is_its_own(db: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException), interruptible(db):
        db.sql("from nowhere")
    with pytest.raises(duckdb.InterruptException), interruptible(db):
        raise duckdb.InterruptException("of somebody else")


def test_in_another_thread_it_changes_nothing(db: duckdb.DuckDBPyConnection) -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def ask() -> None:
        with interruptible(db):
            seen.append((signal.getsignal(signal.SIGINT), db.sql("select 42").fetchall()))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [(before, [(42,)])]
