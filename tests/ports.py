"""Reserve ports on loopback, so that no other program gets them in between."""

import random
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST = 10_000
HOST = "127.0.0.1"


def reserve_port() -> socket.socket:
    """Return a socket that keeps a port while it is open. Only sockets that set SO_REUSEPORT can bind it, too."""
    port = socket.socket()
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    port.bind((HOST, 0))
    return port


def open_listener() -> socket.socket:
    """Return a socket that listens on a port of its own, for a server that takes a socket."""
    return socket.create_server((HOST, 0))


def find_unused_port() -> int:
    """Return a port for a program that takes a port number instead of a socket.

    The port lies below the range from which the kernel picks ports, so that no program gets it by chance.
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
