"""Give a whole program the standard streams as files of /dev, and write out at its end what it left unwritten."""

import gc
import io
import os
import re
import sys
from typing import Any

_FOLDERS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_PATHS = _FOLDERS | {f"{folder}/{fd}": fd for folder in ("/dev/fd", "/proc/self/fd") for fd in range(3)}
_NAMED = re.compile(r"/dev|/fd")
_LEFT_OPEN = re.compile(r"open|dup|FileIO|IOWrapper|IOBase|Buffered|__del__|finalize")
_WRITERS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair)


def provide_paths(code: str) -> None:
    """Let the program open its streams by name where its text holds such a name: the sandbox has no /proc for links."""
    if not _NAMED.search(code):
        return
    open_file, open_fd, stat = io.open, os.open, os.stat

    def open(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        fd = _find_stream(file)
        return open_file(
            file if fd is None else os.dup(fd), mode, buffering, encoding, errors, newline, closefd, opener
        )

    def open_descriptor(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        fd = _find_stream(path)
        return open_fd(path, flags, mode, dir_fd=dir_fd) if fd is None else os.dup(fd)

    def stat_path(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        fd = _find_stream(path)
        return stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks) if fd is None else os.fstat(fd)

    vars(__import__("builtins"))["open"] = vars(io)["open"] = open
    vars(os)["open"], vars(os)["stat"] = open_descriptor, stat_path


def _find_stream(path: object) -> int | None:
    """Return the descriptor that a path names; None for any other path, or none at all."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    try:
        return _PATHS.get(os.fsdecode(path))
    except (TypeError, ValueError):
        return None


def open_streams() -> None:
    """Open the standard streams anew: the server's own remember what kind of file they were opened on."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        old, mode = getattr(sys, name), "w" if fd else "r"
        file: Any = open(fd, mode, -1, old.encoding, old.errors, "\n" if fd else None, closefd=False)  # noqa: SIM115
        file.mode = mode
        if fd == 2:
            file.reconfigure(line_buffering=True)
        setattr(sys, name, file)
        setattr(sys, f"__{name}__", file)


def write_rest(code: str) -> bool:
    """Write what the program's files still hold, as the end of an interpreter does; return False where that fails.

    A program that opens nothing itself has the two streams alone. For others the module `__main__` ends here with its
    objects, so that nothing else may hold it.
    """
    succeeded = _flush(sys.stdout) and _flush(sys.stderr)
    if _LEFT_OPEN.search(code):
        sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__
        _flush_files()
        sys.modules.pop("__main__", None)
        gc.collect()
    for file in (sys.__stdout__, sys.__stderr__):
        _flush(file)
    return succeeded


def _flush_files() -> None:
    files = [value for value in gc.get_objects() if issubclass(type(value), _WRITERS)]
    for kind in (io.TextIOWrapper, io.BufferedIOBase):  # a text file's rest goes to its buffer
        for file in files:
            if issubclass(type(file), kind):
                _flush(file)


def _flush(file: Any) -> bool:
    try:
        if file is not None and not getattr(file, "closed", False):
            file.flush()
    except BaseException:
        return False
    return True
