"""The candidate's process: runs its code, then answers the driver's requests, or is a whole program on stdin/stdout."""

import _sitebuiltins
import atexit
import builtins
import json
import os
import socket
import sys
import traceback
import types
from typing import Any

from . import packages
from .array_peer import from_packages
from .codec import CodecError
from .encoder import Encoder
from .operations import free
from .payload import take
from .peer import GoneError, Instance, TamperedError, line_of
from .zygote import WIRE

_run, _compile = exec, compile
SMALL = 1 << 16  # bytes of a value that tests are given without asking for it
# Bound before the candidate can touch the modules; its own process is its own, but honest programs patch things too.
_flush = sys.stdout.flush


def prepare() -> None:
    """What a program finds like in any interpreter; done once in the server."""
    sys.argv = ["solution.py"]
    for name in ("exit", "quit"):  # what `site` gives, which is not imported here
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))


def main() -> None:
    """What a fork of the candidate server does."""
    payload = take()
    packages.reseed()
    if payload["main"]:
        _program(payload)
    elif payload.get("tests"):
        _together(payload)
    else:
        _module(payload)


def _execute(payload: dict[str, Any], module: types.ModuleType) -> None:
    sys.modules[module.__name__] = module
    module.__dict__["__builtins__"] = __builtins__
    if payload["context"]:
        _run(_compile(payload["context"], "<context>", "exec", dont_inherit=True), module.__dict__)
    code = payload.pop("code")
    _run(_compile(code, "<solution>", "exec", dont_inherit=True), module.__dict__)


def _drain() -> None:
    try:
        _flush()
    except Exception:
        return


def _module(payload: dict[str, Any]) -> None:
    """Serve the names of the code as a module called `solution` until the driver closes the wire."""
    module = types.ModuleType("solution")
    failure: BaseException | None = None
    ends = packages.ends()

    def serve(op: str, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if op == "hello":
            if failure is not None:
                raise failure
            return _names(module, *args)
        if op == "ping":
            return None
        try:
            if op == "apply":  # arguments don't go back, changed or not: what such a call costs is the program's alone
                function, given, named = subject
                return function(*given, **named)
            return free(op, subject, args, kwargs)
        finally:
            _drain()

    peer = ends.peer = packages.peer(socket.socket(fileno=WIRE), serve, ends.remote)
    try:
        _execute(payload, module)
    except BaseException as error:
        failure = error
    _drain()
    try:
        while True:
            peer.answer(peer.receive())
    except (GoneError, TamperedError):
        os._exit(0)


def _together(payload: dict[str, Any]) -> None:
    """Run the tests in here, too, and report on the wire."""
    from . import shared  # not warm: hardly any program needs it

    packages.supply(payload["tests"])
    module = types.ModuleType("solution")
    failure: BaseException | None = None
    try:
        _execute(payload, module)
    except BaseException as error:
        failure = error

    def names(wanted: list[str] | None) -> dict[str, Any]:
        if failure is not None:
            raise failure
        found = _names(module, wanted)
        return {name: value.value if isinstance(value, Instance) else value for name, value in found.items()}

    shared.run(payload["tests"], names, WIRE)
    _drain()
    os._exit(0)


def _names(module: types.ModuleType, wanted: list[str] | None) -> dict[str, Any]:
    """The module's values of the wanted names, or of all public ones that it doesn't merely import as modules.

    Of the latter, a value too large to cross, or that refers to itself, crosses as a handle: perhaps no test uses it.
    """
    space = module.__dict__
    if wanted is not None:
        return {name: space[name] for name in wanted if name in space}
    found = {}
    for name, value in list(space.items()):
        if type(name) is str and not name.startswith("__") and not isinstance(value, types.ModuleType):
            found[name] = value if not _large(value) or _crosses(value) else Instance(value)
    return found


def _large(value: Any) -> bool:
    """Whether it may be."""
    return isinstance(value, list | tuple | dict | set) or from_packages(value)


def _crosses(value: Any) -> bool:
    try:
        return len(Encoder(lambda _: b"").encode(value)) < SMALL
    except CodecError:
        return False


def _program(payload: dict[str, Any]) -> None:
    """Run as `__main__`; what it raises is reported on the wire, which only this process and the judge hold."""
    module = types.ModuleType("__main__")
    code, report = 0, None
    try:
        _execute(payload, module)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        if code and not isinstance(error.code, int):
            sys.stderr.write(f"{error.code}\n")
    except BaseException as error:
        code = 1
        report = [type(error).__name__[:200], _text(error), line_of(error), getattr(error, "errno", None)]
        try:
            traceback.print_exc()
        except BaseException:
            report[1] = ""
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        code = code or 120
    if report:
        try:
            os.write(WIRE, json.dumps(report).encode()[:8000])
        except Exception:
            code = code or 1
    os._exit(code & 0xFF)


def _text(error: BaseException) -> str:
    try:
        return str(error)[:1000]
    except BaseException:
        return ""
