"""Ctrl-C while DuckDB works."""

from __future__ import annotations  # types of DuckDB that a function holds on to are leaks that it reports at exit

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

AGAIN_S = 0.05


@contextmanager
def interruptible(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let Ctrl-C stop queries of the body, within a chunk of rows.

    Python runs its handler between two of its own instructions, and DuckDB 2.0 looks for signals only while another of
    its threads does the work: of 25 queries over one long range, 6 went on to their end. So a thread waits for the byte
    that Python writes as soon as a signal is there. Only the main thread gets signals; elsewhere this does nothing, nor
    where Ctrl-C is ignored.

    Raises:
        KeyboardInterrupt: it was pressed; whatever became of the query.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    pressed = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: pressed.set())  # from here to the end Ctrl-C raises nothing
    try:
        with _watched(db):
            if pressed.is_set():  # before somebody watched
                signal.raise_signal(signal.SIGINT)
            yield
    except duckdb.InterruptException:
        if not pressed.is_set():
            raise
    finally:
        signal.signal(signal.SIGINT, handler)
    if pressed.is_set():
        raise KeyboardInterrupt


@contextmanager
def _watched(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have a thread interrupt the connection on Ctrl-C while the body runs."""
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    watcher = threading.Thread(target=_watch, args=(ours, db), name="interrupts", daemon=True)
    watcher.start()
    before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        pythons.close()
        watcher.join()
        ours.close()


def _watch(ours: socket.socket, db: duckdb.DuckDBPyConnection) -> None:
    """Interrupt the connection from the first Ctrl-C on, again and again: a query that begins just now forgets it."""
    while numbers := ours.recv(64):
        if signal.SIGINT in numbers:
            ours.settimeout(AGAIN_S)
        while ours.gettimeout() is not None:
            db.interrupt()
            try:
                if not ours.recv(64):
                    return
            except TimeoutError:
                continue
