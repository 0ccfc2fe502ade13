"""How each kind of tests is run by the driver; stdio is not here, since it needs no driver."""

import ast
import functools
import json
import operator
import sys
import types
from collections.abc import Callable
from typing import Any

from .asserts import FailedError, helpers, rewritten
from .digest import digest, plain
from .driver import Driver
from .names import BUILTINS, known, split, supplied, used
from .show import show

FLOAT = 1e-9


def _entry(driver: Driver) -> str | None:
    entry = driver.payload["entry"]
    return entry.split(".")[0] if entry else None


@functools.lru_cache(maxsize=64)
def _compiled(*texts: str, name: str) -> tuple[frozenset[str], tuple[types.CodeType, ...]]:
    """Names that test code reads, and the code: one driver runs the same tests for many programs."""
    trees = [rewritten(text) for text in texts]
    return frozenset(used(*trees)), tuple(compile(tree, name, "exec") for tree in trees)


def asserts(driver: Driver) -> None:
    """Each assert is one test, in a shared namespace that the setup has filled."""
    space: dict[str, Any] = {"__name__": "tests", **helpers()}
    _import_solution(driver)
    names, codes = _compiled(*driver.payload["asserts"], name="<test>")
    setup_names, (setup,) = _compiled(driver.payload["setup"], name="<setup>")
    ask, given = split(names | setup_names, set(), _entry(driver))
    space.update(given)
    space.update(driver.hello(ask))
    if driver.over is None and driver.payload["setup"]:
        _guarded_setup(driver, lambda: exec(setup, space))
    for text, code in zip(driver.payload["asserts"], codes, strict=True):
        driver.run(text, functools.partial(exec, code, space))


def _guarded_setup(driver: Driver, run: Callable[[], Any]) -> None:
    verdict, message, exception = driver.attempt(run)
    if verdict != "passed" and driver.over is None:
        driver.over = (verdict, message)
        driver.write(fault=exception, load=True)


def check(driver: Driver) -> None:
    """One test, `check`: the code's function of that name, called with the entry point."""
    space: dict[str, Any] = {"__name__": "tests", **helpers()}
    _import_solution(driver)
    names, (code,) = _compiled(driver.payload["code"], name="<tests>")
    entry = driver.payload["entry"]
    ask, given = split(names, {"candidate", "check"}, _entry(driver))
    space.update(given)
    space.update(driver.hello(sorted({*ask, entry.split(".")[0]} if entry else ask)))

    def whole() -> None:
        exec(code, space)
        space["check"](_resolve(space, entry))

    driver.run("check", whole)


def _resolve(space: dict[str, Any], entry: str | None) -> Any:
    if entry is None:
        raise FailedError("the tests name no entry point", 0, None)
    first, *rest = entry.split(".")
    if first not in space:
        raise FailedError(f"the program does not define {first}", 0, None)
    return functools.reduce(getattr, rest, space[first])


def calls(driver: Driver) -> None:
    """Each case is one test; what it returns is compared with JSON's idea of it."""
    first = _entry(driver)
    space = driver.hello([first] if first else [])

    def one(case: dict[str, Any]) -> None:
        got = _resolve(space, driver.payload["entry"])(*case["args"], **case["kwargs"])
        if not same(got, case["expected"]):
            raise FailedError(f"got {show(got)}, expected {show(case['expected'])}, for {_call(driver, case)}", 0, None)

    for number, case in enumerate(driver.payload["cases"], 1):
        driver.run(f"case {number}", functools.partial(one, case))


def _call(driver: Driver, case: dict[str, Any]) -> str:
    args = [*map(show, case["args"]), *(f"{name}={show(value)}" for name, value in case["kwargs"].items())]
    return f"{driver.payload['entry']}({', '.join(args)})"


def answers(driver: Driver) -> None:
    """Each call is one test: it passes where plain data comes back, and its message is that data's address."""
    entry, texts, first = driver.payload["entry"], driver.payload["calls"], _entry(driver)
    space = driver.hello([first] if first else [])

    def call(*args: Any, **kwargs: Any) -> Any:
        # Not as a call of the proxy: changed arguments would come home, at the cost of programs that change them.
        return plain(driver.ends.ask("apply", (_resolve(space, entry), args, kwargs)))

    if not texts:
        driver.run("load", lambda: _resolve(space, entry))
    for number, text in enumerate(texts, 1):
        came: list[str] = []
        if driver.over is not None:
            driver.run(f"call {number}", _unreachable)  # tells why nothing is run any more
            continue
        test = functools.partial(_answer, text, entry, call, came)
        verdict, message, exception = driver.attempt(test)
        told = came[0] if verdict == "passed" else message
        driver.write(test=f"call {number}", verdict=verdict, message=told, exception=exception)


_AROUND: dict[str, Callable[[Any], Any]] = {"sorted": sorted, "set": set, "frozenset": frozenset}


def _answer(text: str, entry: str, call: Callable[..., Any], came: list[str]) -> None:
    around = next((name for name in _AROUND if text.startswith(f"{name}({entry}(")), "")
    inner = text[len(around) + bool(around) + len(entry) + 1 : -1 - bool(around)]
    try:
        args = json.loads(f"[{inner}]")  # most calls are JSON, too, mean the same, and are read thirty times faster so
    except ValueError:
        came.append(digest(eval(text, {entry: call})))
        return
    value = call(*args)
    came.append(digest(_AROUND[around](value) if around else value))


def same(got: Any, want: Any) -> bool:
    """Python's equality, but JSON's lists equal tuples too, its text keys equal numbers' text, floats within 1e-9.

    What numpy holds is compared as the plain numbers in it.
    """
    if type(got).__module__ == "numpy":
        got = got.tolist()
    if isinstance(want, list):
        return isinstance(got, list | tuple) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, dict):
        if not isinstance(got, dict) or len(got) != len(want):
            return False
        keys = {key if isinstance(key, str) else _json_key(key): value for key, value in got.items()}
        return len(keys) == len(want) and all(key in keys and same(keys[key], want[key]) for key in want)
    if isinstance(want, float) and type(got) in (int, float) and got != want:
        near = abs(got) < sys.float_info.max
        return near and bool(abs(got - want) <= FLOAT * max(abs(got), abs(want)))
    if isinstance(want, bool) is not isinstance(got, bool):
        return False
    return bool(operator.eq(got, want))


def _json_key(key: Any) -> str:
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return str(key)


class _Solution(types.ModuleType):
    """What `import solution` finds in the tests; asks for a name when it is first used."""

    def __init__(self, driver: Driver) -> None:
        super().__init__("solution")
        self.__dict__["_driver"] = driver

    def __getattr__(self, name: str) -> Any:
        driver = self.__dict__["_driver"]
        if name.startswith("__"):
            raise AttributeError(name)
        found = driver.ends.ask("hello", None, ([name],))
        if type(found) is not dict or name not in found:
            raise AttributeError(f"the program does not define {name}")
        self.__dict__[name] = found[name]
        return found[name]


def _import_solution(driver: Driver) -> None:
    sys.modules["solution"] = _Solution(driver)


def unit(driver: Driver) -> None:
    """One test per method of the module's TestCase classes."""
    from .unit import methods

    _import_solution(driver)
    space: dict[str, Any] = {"__name__": "tests"}
    tree = ast.parse(driver.payload["code"])
    for name in used(tree) - BUILTINS:
        try:
            space[name] = supplied(name)
        except KeyError:
            continue
    names = driver.hello(None)
    first = _entry(driver)
    # `from solution import *` takes what lies here; any other name is asked for when it is imported by itself.
    sys.modules["solution"].__dict__.update(
        {n: v for n, v in names.items() if n == first or (n != "_driver" and not known(n))}
    )
    space.update({n: v for n, v in names.items() if n == first or (n not in space and n not in BUILTINS)})
    if driver.over is None:
        module = types.ModuleType("tests")
        module.__dict__.update(space)
        sys.modules["tests"] = module
        _guarded_setup(driver, lambda: exec(compile(tree, "<tests>", "exec"), module.__dict__))
        if driver.over is None:
            methods(driver, module)
            return
    for name in driver.payload["methods"]:
        driver.run(name, _unreachable)


def _unreachable() -> None:
    raise FailedError("the tests could not be loaded", 0, None)


RUN: dict[str, Callable[[Driver], None]] = {
    "asserts": asserts, "check": check, "calls": calls, "unittest": unit, "answers": answers,
}  # fmt: skip
