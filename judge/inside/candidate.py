"""Be the candidate's process: run its code, then answer the driver's requests.

A whole program runs on stdin and stdout instead.
"""

import _sitebuiltins
import builtins
import os
import socket
import sys
import types
from typing import Any

from . import packages
from .array_peer import is_from_packages
from .codec import CodecError
from .descriptors import WIRE
from .encoder import Encoder
from .operations import perform
from .payload import ProgramPayload, read_payload
from .peer import GoneError, Instance, TamperedError
from .program import execute, run_program

SMALL = 1 << 16  # bytes of a value that tests are given without asking for it
# Bound before any program runs: honest programs replace such things, too.
_flush_stdout = sys.stdout.flush


def prepare_interpreter() -> None:
    """Give programs what they find in any interpreter; called once, in the server."""
    sys.argv = ["solution.py"]
    for name in ("exit", "quit"):  # `site` gives these, and is not imported here
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))


def main() -> None:
    """Run one program, in a fork of the candidate server."""
    payload: ProgramPayload = read_payload()
    packages.reseed_numpy()
    if payload["main"]:
        run_program(payload)
    else:
        _serve_module(payload)


def _flush_output() -> None:
    try:
        _flush_stdout()
    except Exception:
        return


def _serve_module(payload: ProgramPayload) -> None:
    """Run the code as a module `solution`, and answer requests for its names until the driver closes the wire."""
    module = types.ModuleType("solution")
    failure: BaseException | None = None
    ends = packages.ends_class()

    def serve(op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if op == "hello":
            if failure is not None:
                raise failure
            return _names(module, *args)
        if op == "ping":
            return None
        try:
            if op == "apply":  # arguments don't go back, changed or not: only the program's own work costs time
                function, positional, named = subject
                return function(*positional, **named)
            return perform(op, subject, args, kwargs)
        finally:
            _flush_output()

    peer = ends.peer = packages.peer_class(socket.socket(fileno=WIRE), serve, ends.remote)
    try:
        execute(payload, module)
    except BaseException as error:
        failure = error
    _flush_output()
    try:
        while True:
            peer.answer(peer.receive())
    except (GoneError, TamperedError):
        os._exit(0)


def _names(module: types.ModuleType, asked: list[str] | None) -> dict[str, Any]:
    """Return the module's values of the names asked for, or of all public ones (None) that are no modules.

    Of the latter, a value too large to cross, or that refers to itself, crosses as a handle: perhaps no test uses it.
    Attacks replace this function by its name.
    """
    space = module.__dict__
    if asked is not None:
        return {name: space[name] for name in asked if name in space}
    values = {}
    for name, value in list(space.items()):
        if type(name) is str and not name.startswith("__") and not isinstance(value, types.ModuleType):
            values[name] = value if not _may_be_large(value) or _is_small(value) else Instance(value)
    return values


def _may_be_large(value: object) -> bool:
    return isinstance(value, list | tuple | dict | set) or is_from_packages(value)


def _is_small(value: object) -> bool:
    try:
        return len(Encoder(lambda _: b"").encode(value)) < SMALL
    except CodecError:
        return False
