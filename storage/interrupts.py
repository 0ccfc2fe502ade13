"""Ctrl-C while DuckDB runs a query."""

from __future__ import annotations  # types of DuckDB that a function holds on to are leaks that it reports at exit

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

INTERRUPT_AGAIN_S = 0.05


@contextmanager
def interruptible(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let Ctrl-C stop queries of the body within a chunk of rows.

    Python runs its signal handler between two of its own instructions. DuckDB 2.0 looks for signals only while another
    of its threads does the work: of 25 queries over one long range, 6 ran on to their end. So a thread waits for the
    byte that Python writes as soon as a signal arrives. Signals go to the main thread alone: elsewhere this does
    nothing, nor where Ctrl-C is ignored.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, whether the query was stopped or had just ended. The handler that stood
            there before is called first, and may raise another exception.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    pressed = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: pressed.set())  # from here to the end Ctrl-C raises nothing
    try:
        with _interrupt_on_signal(db):
            if pressed.is_set():  # before the thread waited for it
                signal.raise_signal(signal.SIGINT)
            yield
    except duckdb.InterruptException:
        if not pressed.is_set():
            raise
    finally:
        signal.signal(signal.SIGINT, handler)
    if pressed.is_set():
        handler(signal.SIGINT, None)
        raise KeyboardInterrupt


@contextmanager
def _interrupt_on_signal(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run a thread that interrupts the connection on Ctrl-C while the body runs."""
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_wait_and_interrupt, args=(receiver, db, before), name="interrupts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        sender.close()
        thread.join()
        receiver.close()


def _wait_and_interrupt(receiver: socket.socket, db: duckdb.DuckDBPyConnection, others: int) -> None:
    """Interrupt the connection from the first Ctrl-C on, again and again: a query that just begins forgets it.

    The numbers of other signals go on to the descriptor `others`, where there is one: whoever waits there would miss
    them while the query runs.
    """
    while signal_numbers := receiver.recv(64):
        if others != -1 and (rest := signal_numbers.replace(bytes([signal.SIGINT]), b"")):
            os.write(others, rest)
        if signal.SIGINT in signal_numbers:
            receiver.settimeout(INTERRUPT_AGAIN_S)
        while receiver.gettimeout() is not None:
            db.interrupt()
            try:
                if not receiver.recv(64):
                    return
            except TimeoutError:
                continue
