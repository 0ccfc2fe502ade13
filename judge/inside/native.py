"""Run a program and its tests in this one process, with Python's own meaning, and report on a pipe.

The program can do here whatever it likes, so that a pass by itself proves little: the judge confirms it by controls.
"""

import builtins
import contextlib
import functools
import json
import os
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import explain, native_unit, packages
from .asserts import FailedError
from .descriptors import WIRE
from .kinds import equals_json, write_call
from .names import BUILTINS, NEVER_ASKED, collect_names, is_known, supply_value
from .native_values import find_entry, is_library, other_value
from .payload import OTHER, ProgramPayload, TestsPayload, read_payload
from .peer import line_of, text_of
from .program import BOM, execute
from .show import show

RaisedException = list[str | int | None]
Attempt = tuple[str, str, RaisedException | None]
"""(verdict, message, the exception that decided if one did)."""
TESTS_FILE = "/tmp/tests.py"  # where tests find themselves; there is no such file
TEST_FILES = ("<test>", TESTS_FILE, "<setup>")
# Bound before any program runs: honest programs replace such things, too.
_write, _dumps, _flush_stdout = os.write, json.dumps, sys.stdout.flush


def main() -> None:
    """Run one program and its tests, in a fork of the native server."""
    payload: ProgramPayload = read_payload()
    packages.reseed_numpy()
    tests, nonce = payload["tests"], payload.pop("nonce")
    packages.supply_aliases(tests)
    run = _Run(tests, nonce)
    try:
        kind = _KINDS[tests["kind"]]
        compiled = run.prepare()
    except SyntaxError as error:
        run.write(broken=f"the tests are no Python: {error}")
    except BaseException as error:  # nothing of the program has run yet
        run.write(infra=f"{type(error).__name__}: {error}")
    else:
        run.write(ready=True)  # first of all: no program can report a fault of the judge's in its place
        run.load(payload)
        kind(run, compiled)
        run.write(done=True)
    with contextlib.suppress(Exception):
        _flush_stdout()
    os._exit(0)


class _Run:
    """One program, its tests, and the module that these run in."""

    def __init__(self, tests: TestsPayload, nonce: str) -> None:
        self.tests, self._nonce = tests, nonce
        self.module, self.solution = types.ModuleType("tests"), types.ModuleType("solution")
        self.space: dict[str, Any] = self.module.__dict__
        self.failure: Attempt | None = None
        """Why no test can begin."""

    def write(self, **record: object) -> None:
        """Report one record at once: what a program does later can't take it back."""
        data = _dumps({**record, "nonce": self._nonce}).encode() + b"\n"
        while data:
            data = data[_write(WIRE, data) :]

    def prepare(self) -> list[tuple[str, types.CodeType]]:
        """Compile the tests; raises SyntaxError. Return each text of them, with its code."""
        tests = self.tests
        texts = [(text, "<test>") for text in tests.get("asserts", ())] if "asserts" in tests else []
        if "code" in tests:
            texts = [(tests["code"], TESTS_FILE)]
        trees = [explain.explain_asserts(text) for text, _ in texts]
        self._setup = explain.explain_asserts(tests.get("setup", ""))
        self._names = collect_names(*trees, self._setup)
        return [(text, compile(tree, name, "exec")) for (text, name), tree in zip(texts, trees, strict=True)]

    def load(self, payload: ProgramPayload) -> None:
        """Run context and program as the module `solution`, then give the tests the names that they read."""
        context = payload["context"].removeprefix(BOM)
        space = self.solution.__dict__
        space["__builtins__"] = builtins
        sys.modules["solution"], sys.modules["tests"] = self.solution, self.module
        space["__file__"], self.space["__file__"] = os.path.abspath("solution.py"), TESTS_FILE
        for name, text in (("<solution>", payload["code"]), (TESTS_FILE, self.tests.get("code", ""))):
            _show_source(name, text)
        try:
            if context:
                exec(compile(context, "<context>", "exec", dont_inherit=True), space)
            helpers = dict(space)
            payload["context"] = ""
            execute(payload, self.solution)
        except BaseException as error:
            self.failure = self.classify(error)
            self.write(fault=self.failure[2], load=True)
            return
        self._provide_names(helpers)
        if self.tests.get("setup"):
            verdict, message, exception = self.attempt(
                functools.partial(exec, compile(self._setup, "<setup>", "exec"), self.space)
            )
            if verdict != "passed":
                self.failure = (verdict, message, exception)
                self.write(fault=exception, load=True)

    def _provide_names(self, helpers: Mapping[str, Any]) -> None:
        """Bind what the tests read: helpers of the context and the library's names are not the program's."""
        entry = self.entry_name
        self.space.update(explain.list_helpers())
        self.space.setdefault(OTHER, other_value)
        for name in self._names | ({entry} if entry else set()):
            if name == entry and name in self.solution.__dict__:
                self.space[name] = self.solution.__dict__[name]
            elif (name in BUILTINS and name != entry) or name.startswith("__") or name in self.space:
                continue
            else:
                for value in self._find_value(name, helpers):
                    self.space[name] = value

    def _find_value(self, name: str, helpers: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the value of a name, if it has one."""
        own = self.solution.__dict__
        if name in helpers:
            yield helpers[name]
        elif name in NEVER_ASKED or (is_known(name) and not (name in own and is_library(own[name], name))):
            with contextlib.suppress(KeyError):
                yield supply_value(name)
        elif name in own:
            yield own[name]

    @property
    def entry_name(self) -> str | None:
        """The first part of the entry point: the name that the program must define."""
        entry = self.tests.get("entry")
        return entry.split(".")[0].removesuffix("()") if entry else None

    def attempt(self, test: Callable[[], object]) -> Attempt:
        """Run one test without reporting it."""
        try:
            test()
        except BaseException as error:
            return self.classify(error)
        return "passed", "", None

    def classify(self, error: BaseException) -> Attempt:
        """Return the verdict on an exception: an assertion of the tests that does not hold, or anything else."""
        name, text, line = type(error).__name__, text_of(error), line_of(error)
        files = [file for file, _ in _list_steps(error)]
        if isinstance(error, AssertionError) and not (files and files[-1] == "<solution>"):
            if isinstance(error, FailedError):
                text = str(error.args[0])
            return "failed", (text or "the assertion does not hold") + self._locate(error), None
        if isinstance(error, SystemExit):
            return "exited", f"SystemExit: {text}" if text else "SystemExit", [name, text, None, None]
        number = getattr(error, "errno", None)
        number = number if type(number) is int and 0 <= number < 1 << 31 else None
        place = self._locate(error) or ("" if line else " (raised in the test)")
        return "error", f"{name}: {text}{place}", [name, text, line, number]

    def _locate(self, error: BaseException) -> str:
        """Return the line that was running in a longer test, in words; a test that is one assert shows itself."""
        lines = self.tests.get("code", "").splitlines()
        numbers = [number for file, number in _list_steps(error) if file == TESTS_FILE]
        shown = bool(numbers) and 0 < numbers[-1] <= len(lines)
        return f" (in the test: `{lines[numbers[-1] - 1].strip()[:300]}`)" if shown else ""

    def run(self, name: str, test: Callable[[], object]) -> None:
        """Run one test and report it; where no test can begin, report that."""
        if self.failure is not None:
            self.report(name, self.failure, skipped=True)
            return
        lines: list[int] = []

        def note_lines() -> None:
            try:
                test()
            except BaseException as error:
                lines.extend(self.list_lines(error))
                raise

        self.report(name, self.attempt(note_lines), lines=lines)

    def list_lines(self, error: BaseException) -> list[int]:
        """Return the lines of the test code that an exception passed through."""
        return [line for file, line in _list_steps(error) if file in TEST_FILES]

    def report(self, name: str, attempt: Attempt, **facts: object) -> None:
        """Report the verdict of one test."""
        verdict, message, exception = attempt
        self.write(test=name, verdict=verdict, message=message, exception=exception, **facts)


def _run_asserts(run: _Run, compiled: list[tuple[str, types.CodeType]]) -> None:
    for text, code in compiled:
        run.run(text, functools.partial(exec, code, run.space))


def _run_check(run: _Run, compiled: list[tuple[str, types.CodeType]]) -> None:
    def check() -> None:
        exec(compiled[0][1], run.space)
        run.space["check"](find_entry(run.solution.__dict__, run.tests["entry"]))

    run.run("check", check)


def _run_calls(run: _Run, _: list[tuple[str, types.CodeType]]) -> None:
    def call(case: Any) -> None:
        actual = find_entry(run.solution.__dict__, run.tests["entry"])(*case["args"], **case["kwargs"])
        if not equals_json(actual, case["expected"]):
            text = write_call(run.tests["entry"], case)
            raise FailedError(f"got {show(actual)}, expected {show(case['expected'])}, for {text}", 0, None)

    for number, case in enumerate(run.tests["cases"], 1):
        run.run(f"case {number}", functools.partial(call, case))


def _run_unittest(run: _Run, compiled: list[tuple[str, types.CodeType]]) -> None:
    if run.failure is None:
        verdict, message, exception = run.attempt(lambda: exec(compiled[0][1], run.space))
        if verdict != "passed":
            run.failure = (verdict, message, exception)
            run.write(fault=exception, load=True)
    if run.failure is not None:
        for name in run.tests["methods"]:
            run.report(name, run.failure, skipped=True)
        return
    native_unit.run_module(run, run.module)


_KINDS: dict[str, Callable[[_Run, list[tuple[str, types.CodeType]]], None]] = {
    "asserts": _run_asserts, "check": _run_check, "calls": _run_calls, "unittest": _run_unittest,
}  # fmt: skip


def _show_source(name: str, code: str) -> None:
    """Let `inspect` and tracebacks find the text of a program or its tests."""
    linecache = sys.modules.get("linecache")
    if linecache is not None:
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)


def _list_steps(error: BaseException) -> list[tuple[str, int]]:
    """Return the files and lines of a traceback, outermost first, without those of libraries."""
    steps, step = [], error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if file in TEST_FILES or file == "<solution>":
            steps.append((file, step.tb_lineno))
        step = step.tb_next
    return steps
