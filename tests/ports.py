"""Ports on loopback that no other program gets meanwhile."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST = 10_000
HOST = "127.0.0.1"


@contextmanager
def refusing() -> Iterator[int]:
    """A port where nobody listens while the body runs: bound, so that nobody else can."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield bound.getsockname()[1]


def listening() -> socket.socket:
    """A socket that listens on a port of its own, to be handed to a server."""
    return socket.create_server((HOST, 0))


def unused_port() -> int:
    """A port for a program that takes no socket but a number.

    Below the range from which the kernel serves whoever asks for any port, so that it gives it to nobody in between.
    """
    end = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32_768
    while True:
        port = random.randrange(FIRST, end)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port
