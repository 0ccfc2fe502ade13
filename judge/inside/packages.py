"""Packages beside the standard library: put on the path, imported once, their values made known to the codec.

Only a fork server that the judge gives a folder of packages, or modules to preload, calls `enable_packages`.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
from typing import NoReturn, TypedDict

from .names import LIBRARY
from .payload import TestsPayload
from .peer import Peer
from .proxy import Ends

FOLDER = "/packages"
# One thread each: a pool does not survive a fork, and counts against the limit of processes.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "BLIS_NUM_THREADS": "1",
    "NUMEXPR_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1", "ARROW_IO_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MPLBACKEND": "Agg",  # there is no screen; matplotlib would look for one
}  # fmt: skip
ALIASES = {"np": "numpy", "numpy": "numpy", "pd": "pandas", "pandas": "pandas"}
_ALIAS = re.compile(r"\b(" + "|".join(ALIASES) + r")\b")

ends_class: type[Ends] = Ends
"""Makes what the proxies of one job share."""
peer_class: type[Peer] = Peer
"""Makes the job's end of the wire."""


class PackagesArgument(TypedDict):
    """The fork server's first argument, as JSON (judge/backends/packages.py): its packages."""

    bound: bool
    """There is a folder of packages, bound to FOLDER."""
    python: str
    """Version of Python that they were made for; empty if unknown."""
    suffix: str
    """Ending of their compiled modules; empty if there are none."""
    preload: list[str]
    """Modules to import now."""


def enable_packages(role: str, argument: PackagesArgument) -> None:
    """Make packages usable in this process and all it forks; `role` is `candidate` or `driver`.

    Where that cannot be done, write one line that says why to stderr, and end the process.
    """
    global ends_class, peer_class
    # Here: a server without packages, which is most of them, never loads these.
    from . import array_peer, arrays, frames

    python = "{}.{}".format(*sys.version_info)
    if argument["python"] not in ("", python) or argument["suffix"] not in (
        "", *importlib.machinery.EXTENSION_SUFFIXES,
    ):  # fmt: skip
        _exit(f"they were made for Python {argument['python']} ({argument['suffix']}), and the sandbox has {python}")
    os.environ.update(ENVIRONMENT)
    if argument["bound"]:
        try:
            os.listdir(FOLDER)
        except OSError as error:
            _exit(f"the folder is not readable for the sandbox's user: {error.strerror}; fix: chmod -R a+rX")
        sys.path.append(FOLDER)
        importlib.util.find_spec("no_such_module")  # so that no job has to list the folders
    arrays.install()
    frames.install()
    ends_class = array_peer.ArrayEnds
    peer_class = array_peer.TestsPeer if role == "driver" else array_peer.ArrayPeer
    for name in argument["preload"]:
        try:
            importlib.import_module(name)
        except Exception as error:
            _exit(f"{name}, which is to be preloaded, can't be imported: {type(error).__name__}: {error}")


def _exit(why: str) -> NoReturn:
    sys.stderr.write(f"packages: {why}\n")
    sys.stderr.flush()
    os._exit(1)


def reseed_numpy() -> None:
    """Give a fork random numbers of its own from numpy, if that is loaded; Python's `random` does so by itself."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


def supply_aliases(tests: TestsPayload) -> None:
    """Bind names such as `np` that these tests use to the judge's own modules, where there are packages."""
    if ends_class is Ends:
        return
    for text in (tests.get("setup", ""), tests.get("code", ""), *tests.get("asserts", ())):
        for name in set(_ALIAS.findall(text)) - LIBRARY.keys():
            try:
                LIBRARY[name] = importlib.import_module(ALIASES[name])
            except ImportError:
                continue
