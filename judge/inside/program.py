"""Run a program's code as a module; and run a whole program on stdin and stdout."""

import atexit
import json
import os
import re
import sys
import traceback
import types

from . import streams
from .checking import run_checks
from .descriptors import WIRE
from .payload import ProgramPayload
from .peer import line_of, text_of

PROGRAM = "__program__"
"""Name of a function of the context that takes the program's text, which is then not run by itself."""
BOM = "\ufeff"
_FILE_USED = re.compile(r"__file__|argv|spawn|runpy")
# Bound before any program runs: honest programs replace such things, too.
_run, _compile = exec, compile


def execute(payload: ProgramPayload, module: types.ModuleType) -> None:
    """Run the context and the program in a module; raises what they raise.

    A context that defines PROGRAM takes the program's text instead, for tests that run it several times.
    """
    sys.modules[module.__name__] = module
    module.__dict__["__builtins__"] = __builtins__
    if payload["context"]:
        _run(_compile(payload["context"].removeprefix(BOM), "<context>", "exec", dont_inherit=True), module.__dict__)
    code = payload.pop("code").removeprefix(BOM)
    if PROGRAM in module.__dict__:
        module.__dict__[PROGRAM](code)
        return
    _run(_compile(code, "<solution>", "exec", dont_inherit=True), module.__dict__)


def run_program(payload: ProgramPayload) -> None:
    """Run the code as `__main__`, and report what it raises on the wire, which no other program holds."""
    if payload.get("checker"):
        run_checks(payload)
    module = types.ModuleType("__main__")
    code, report, text = 0, None, payload["context"] + payload["code"]
    _provide_file(module, payload["code"])
    streams.open_streams()
    streams.provide_paths(text)
    try:
        execute(payload, module)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        if code and not isinstance(error.code, int):
            sys.stderr.write(f"{error.code}\n")
    except BaseException as error:
        code = 1
        report = [type(error).__name__[:200], text_of(error), line_of(error), getattr(error, "errno", None)]
        try:
            traceback.print_exc()
        except BaseException:
            report[1] = ""
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        atexit._run_exitfuncs()
    except BaseException:
        code = code or 120
    del module
    if not streams.write_rest(text):
        code = code or 120
    if report:
        try:
            os.write(WIRE, json.dumps(report).encode()[:8000])
        except Exception:
            code = code or 1
    os._exit(code & 0xFF)


def _provide_file(module: types.ModuleType, code: str) -> None:
    """Tell the program its file, and make that file where the program may look at it."""
    module.__dict__["__file__"] = path = os.path.abspath(sys.argv[0])
    if _FILE_USED.search(code):
        with open(path, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.write(code)
