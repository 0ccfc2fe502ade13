"""Queries that get Ctrl-C, in a process of their own: `python -m tests.storage.interrupted CASE`."""

# ruff: noqa: T201 (the test reads the output)

import signal
import socket
import sys
import threading
from contextlib import suppress

import duckdb

from storage.interrupts import interruptible

LONG = "select sum(range) from range(1000000000000)"
TIMES = 20


def stopped_every_time() -> None:
    """Say "asks", and get Ctrl-C from outside at some time after that."""
    with duckdb.connect() as db:
        for _ in range(TIMES):
            try:
                with interruptible(db):
                    print("asks", flush=True)
                    db.sql(LONG).to_arrow_table()
            except KeyboardInterrupt:
                with interruptible(db):
                    print("stopped", db.sql("select 42").fetchall(), flush=True)


def pressed_just_before() -> None:
    with duckdb.connect() as db:
        try:
            with interruptible(db):
                signal.raise_signal(signal.SIGINT)
                db.sql(LONG).to_arrow_table()
        except KeyboardInterrupt:
            print("stopped")


def put_back() -> None:
    threads = threading.active_count()
    with duckdb.connect() as db:
        for _ in range(3):
            with interruptible(db):
                assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1 and threading.active_count() == threads
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        print("not pressed")
    print("put back")


def ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with duckdb.connect() as db:
        with interruptible(db):
            signal.raise_signal(signal.SIGINT)
            print(db.sql("select 42").fetchall())
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def calls_the_handler_before() -> None:
    def stop(number: int, _frame: object) -> None:
        print("handles", number)

    signal.signal(signal.SIGINT, stop)
    pressed_just_before()


def passes_other_signals_on() -> None:
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    receiver.settimeout(60)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(sender.fileno())
    with duckdb.connect() as db, interruptible(db):
        signal.raise_signal(signal.SIGTERM)
        print("passed on", *receiver.recv(1))


CASES = {case.__name__: case for case in (
    stopped_every_time, pressed_just_before, put_back, ignored, calls_the_handler_before, passes_other_signals_on,
)}  # fmt: skip

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a process of the background ignores it
    CASES[sys.argv[1]]()
