"""Packages beside the standard library: put on the path, imported once, their values made known to the codec.

For a fork server that the judge has named a folder or modules to preload; without either nothing in here runs.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
from typing import Any, NoReturn

from .names import LIBRARY
from .peer import Peer
from .proxy import Ends

FOLDER = "/packages"
# One thread each: a pool does not survive a fork, and counts against the limit of processes.
SURROUNDINGS = {
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "ARROW_IO_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}  # fmt: skip
ALIASES = {"np": "numpy", "numpy": "numpy", "pd": "pandas", "pandas": "pandas"}
_USED = re.compile(r"\b(" + "|".join(ALIASES) + r")\b")

ends: type[Ends] = Ends
"""What a job's proxies share."""
peer: type[Peer] = Peer
"""What a job speaks over the wire with."""


def enter(role: str, wanted: dict[str, Any]) -> None:
    """Make packages usable in this process and all it forks; ends it with one line where that can't be done.

    Args:
        role: `candidate` or `driver`.
        wanted: `bound`: whether there is a folder; `python` and `suffix`: what it was made for, or empty; `preload`.
    """
    global ends, peer
    from . import array_peer, arrays, frames

    python = "{}.{}".format(*sys.version_info)
    if wanted["python"] not in ("", python) or wanted["suffix"] not in ("", *importlib.machinery.EXTENSION_SUFFIXES):
        _end(f"they were made for Python {wanted['python']} ({wanted['suffix']}), and the sandbox has {python}")
    os.environ.update(SURROUNDINGS)
    if wanted["bound"]:
        try:
            os.listdir(FOLDER)
        except OSError as error:
            _end(f"the folder is not readable for the sandbox's user: {error.strerror}; fix: chmod -R a+rX")
        sys.path.append(FOLDER)
        importlib.util.find_spec("no_such_module")  # so that no job has to list the folders
    arrays.install()
    frames.install()
    ends, peer = array_peer.ArrayEnds, array_peer.TestsPeer if role == "driver" else array_peer.ArrayPeer
    for name in wanted["preload"]:
        try:
            importlib.import_module(name)
        except Exception as error:
            _end(f"{name}, which is to be preloaded, can't be imported: {type(error).__name__}: {error}")


def _end(why: str) -> NoReturn:
    sys.stderr.write(f"packages: {why}\n")
    sys.stderr.flush()
    os._exit(1)


def reseed() -> None:
    """Give a fork random numbers of its own from numpy, as Python's `random` gives itself."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


def supply(tests: dict[str, Any]) -> None:
    """Bind names like `np`, which tests may use without importing them, to the judge's own modules, where there are."""
    if ends is Ends:
        return
    for text in (tests.get("setup", ""), tests.get("code", ""), *tests.get("asserts", ())):
        for name in set(_USED.findall(text)) - LIBRARY.keys():
            try:
                LIBRARY[name] = importlib.import_module(ALIASES[name])
            except ImportError:
                continue
