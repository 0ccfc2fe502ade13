"""Be the driver's process: run the tests of one program after another, as the judge hands them over."""

import array
import os
import resource
import socket
import sys

from . import confine, kinds, packages
from .descriptors import WIRE
from .driver import Driver
from .payload import read_payload


def main() -> None:
    """Run tests until the judge closes the control socket.

    Each message is the CPU seconds that one program's tests may use. It brings three descriptors: the wire to the
    candidate, the pipe of results, and the payload.
    """
    sys.setrecursionlimit(5000)
    packages.reseed_numpy()
    control = socket.socket(fileno=WIRE)
    while True:
        data, extra, _, _ = control.recvmsg(64, socket.CMSG_SPACE(12))
        if not data:
            os._exit(0)
        confine.empty_tmp()
        fds = array.array("i", extra[0][2])
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = int(used.ru_utime + used.ru_stime) + int(data)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        with socket.socket(fileno=fds[0]) as wire:
            driver = Driver(read_payload(fds[2]), wire, fds[1])
            packages.supply_aliases(driver.payload)
            try:
                kinds.RUNNERS[driver.payload["kind"]](driver)
            except SyntaxError as error:
                driver.write(broken=f"the tests are no Python: {error}")
            driver.finish()
        os.close(fds[1])
