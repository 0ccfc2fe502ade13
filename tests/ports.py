"""Ports on loopback that no other program gets meanwhile."""

import random
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST = 10_000
HOST = "127.0.0.1"


def reserved() -> socket.socket:
    """Return a socket that keeps a port while it is open. Nobody listens there who does not set SO_REUSEPORT, too."""
    port = socket.socket()
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    port.bind((HOST, 0))
    return port


def listening() -> socket.socket:
    """Return a socket that listens on a port of its own, to be handed to a server."""
    return socket.create_server((HOST, 0))


def unused_port() -> int:
    """Return a port for a program that takes no socket but a number.

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
