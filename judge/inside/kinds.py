"""Run each kind of tests in the driver. Tests on stdin and stdout are not here, since they need no driver."""

import ast
import base64
import copy
import functools
import json
import operator
import sys
import types
from collections.abc import Callable
from typing import Any, cast

from .asserts import FailedError, list_helpers, rewrite_asserts
from .digest import digest, require_plain
from .driver import Driver
from .encoder import Encoder
from .names import BUILTINS, collect_names, is_known, split_names, supply_value
from .payload import CallCase
from .proxy import NotPlainError, describe
from .show import show

TOLERANCE = 1e-9  # relative, of floats


def _get_entry_name(driver: Driver) -> str | None:
    """Return the first part of the entry point: the name that the program must define."""
    entry = driver.payload["entry"]
    return entry.split(".")[0] if entry else None


@functools.lru_cache(maxsize=64)
def _compile_tests(*texts: str, name: str) -> tuple[frozenset[str], tuple[types.CodeType, ...]]:
    """Return the names that test code reads, and its code; cached, as one driver runs the same tests many times."""
    trees = [rewrite_asserts(text) for text in texts]
    return frozenset(collect_names(*trees)), tuple(compile(tree, name, "exec") for tree in trees)


def run_asserts(driver: Driver) -> None:
    """Run each assert as one test, in a shared namespace that the setup has filled."""
    space: dict[str, Any] = {"__name__": "tests", **list_helpers()}
    _provide_solution(driver)
    names, codes = _compile_tests(*driver.payload["asserts"], name="<test>")
    setup_names, (setup,) = _compile_tests(driver.payload["setup"], name="<setup>")
    asked, supplied = split_names(names | setup_names, set(), _get_entry_name(driver))
    space.update(supplied)
    space.update(driver.fetch_names(asked))
    if driver.final is None and driver.payload["setup"]:
        _run_setup(driver, lambda: exec(setup, space))
    for text, code in zip(driver.payload["asserts"], codes, strict=True):
        driver.run(text, functools.partial(exec, code, space))


def _run_setup(driver: Driver, setup: Callable[[], object]) -> None:
    """Run code that stands before the tests; where it fails, so does every test."""
    verdict, message, exception = driver.attempt(setup)
    if verdict != "passed" and driver.final is None:
        driver.final = (verdict, message)
        driver.write(fault=exception, load=True)


def run_check(driver: Driver) -> None:
    """Run one test, `check`: the function of that name in the test code, called with the entry point."""
    space: dict[str, Any] = {"__name__": "tests", **list_helpers()}
    _provide_solution(driver)
    names, (code,) = _compile_tests(driver.payload["code"], name="<tests>")
    entry = driver.payload["entry"]
    asked, supplied = split_names(names, {"candidate", "check"}, _get_entry_name(driver))
    space.update(supplied)
    space.update(driver.fetch_names(sorted({*asked, entry.split(".")[0]} if entry else asked)))

    def check_entry() -> None:
        exec(code, space)
        space["check"](_find_entry(space, entry))

    driver.run("check", check_entry)


def _find_entry(space: dict[str, Any], entry: str | None) -> Any:
    """Return the entry point, which may be an attribute such as `Solution.solve`; raises FailedError without one."""
    if entry is None:
        raise FailedError("the tests name no entry point", 0, None)
    first, *attributes = entry.split(".")
    if first not in space:
        raise FailedError(f"the program does not define {first}", 0, None)
    return functools.reduce(getattr, attributes, space[first])


def run_calls(driver: Driver) -> None:
    """Run each case as one test: call the entry point, and compare what it returns with a JSON value."""
    first = _get_entry_name(driver)
    space = driver.fetch_names([first] if first else [])

    def check_case(case: CallCase) -> None:
        actual = _find_entry(space, driver.payload["entry"])(*case["args"], **case["kwargs"])
        expected = case["expected"]
        if not equals_json(actual, expected):
            call = write_call(driver.payload["entry"], case)
            raise FailedError(f"got {show(actual)}, expected {show(expected)}, for {call}", 0, None)

    for number, case in enumerate(driver.payload["cases"], 1):
        driver.run(f"case {number}", functools.partial(check_case, case))


def run_checker(driver: Driver) -> None:
    """Run each case as one test: call the entry point, and report what it returns for the checker, if that is plain."""
    first = _get_entry_name(driver)
    space = driver.fetch_names([first] if first else [])
    for number, case in enumerate(driver.payload["cases"], 1):
        name = f"case {number}"
        values: list[Any] = []
        if driver.final is not None:
            driver.run(name, _fail_loading)  # reports why nothing is run any more
            continue

        def call(case: CallCase = case, values: list[Any] = values) -> None:
            # As it stands in the case: the program may change what it is given.
            args, kwargs = copy.deepcopy(case["args"]), copy.deepcopy(case["kwargs"])
            values.append(_find_entry(space, driver.payload["entry"])(*args, **kwargs))
            values.append(Encoder(_refuse_object).encode(values[0]))

        verdict, message, exception = driver.attempt(call)
        if verdict != "passed":
            driver.write(test=name, verdict=verdict, message=message, exception=exception)
            continue
        value = base64.b64encode(values[1]).decode()
        driver.write(
            test=name,
            verdict=verdict,
            message=f"{show(values[0])}, for {write_call(driver.payload['entry'], case)}",
            value=value,
        )
        driver.flush()


def _refuse_object(value: Any) -> bytes:
    raise NotPlainError(f"the answer holds {describe(value) or type(value).__name__}, which is no plain data")


def write_call(entry: str | None, case: CallCase) -> str:
    """Return the call of a case as a person would write it."""
    args = [*map(show, case["args"]), *(f"{name}={show(value)}" for name, value in case["kwargs"].items())]
    return f"{entry}({', '.join(args)})"


def run_answers(driver: Driver) -> None:
    """Run each call as one test. It passes where plain data comes back, and its message is that data's address."""
    entry = cast(str, driver.payload["entry"])  # always there for tests of this kind
    texts, first = driver.payload["calls"], _get_entry_name(driver)
    space = driver.fetch_names([first] if first else [])

    def call(*args: Any, **kwargs: Any) -> Any:
        # Not as a call of the proxy: that would bring changed arguments home, at the cost of programs that change them.
        return require_plain(driver.ends.ask("apply", (_find_entry(space, entry), args, kwargs)))

    if not texts:
        driver.run("load", lambda: _find_entry(space, entry))
    for number, text in enumerate(texts, 1):
        addresses: list[str] = []
        if driver.final is not None:
            driver.run(f"call {number}", _fail_loading)  # reports why nothing is run any more
            continue
        test = functools.partial(_run_call, text, entry, call, addresses)
        verdict, message, exception = driver.attempt(test)
        message = addresses[0] if verdict == "passed" else message
        driver.write(test=f"call {number}", verdict=verdict, message=message, exception=exception)


_WRAPPERS: dict[str, Callable[[Any], Any]] = {"sorted": sorted, "set": set, "frozenset": frozenset}


def _run_call(text: str, entry: str, call: Callable[..., Any], addresses: list[str]) -> None:
    """Evaluate a call, such as `sorted(f(1))`, and append the address of what it returns."""
    wrapper = next((name for name in _WRAPPERS if text.startswith(f"{name}({entry}(")), "")
    arguments = text[len(wrapper) + bool(wrapper) + len(entry) + 1 : -1 - bool(wrapper)]
    try:
        args = json.loads(f"[{arguments}]")  # most calls are JSON with the same meaning, which is 30 times faster
    except ValueError:
        addresses.append(digest(eval(text, {entry: call})))
        return
    value = call(*args)
    addresses.append(digest(_WRAPPERS[wrapper](value) if wrapper else value))


def equals_json(actual: Any, expected: Any) -> bool:
    """Compare a value with a JSON value, as Python does but for what JSON cannot say.

    A list equals a tuple too, a text key equals a number with that text, floats may differ by 1e-9, and NaN equals NaN.
    What numpy holds is compared as the plain numbers in it.
    """
    if type(actual).__module__ == "numpy":
        actual = actual.tolist()
    if isinstance(expected, list):
        alike = isinstance(actual, list | tuple) and len(actual) == len(expected)
        return alike and all(map(equals_json, actual, expected))
    if isinstance(expected, dict):
        if not isinstance(actual, dict) or len(actual) != len(expected):
            return False
        by_text = {key if isinstance(key, str) else _write_key(key): value for key, value in actual.items()}
        return len(by_text) == len(expected) and all(
            key in by_text and equals_json(by_text[key], expected[key]) for key in expected
        )
    if isinstance(expected, float) and type(actual) in (int, float) and actual != expected:
        if expected != expected:
            return bool(actual != actual)
        finite = abs(actual) < sys.float_info.max
        return finite and bool(abs(actual - expected) <= TOLERANCE * max(abs(actual), abs(expected)))
    if isinstance(expected, bool) is not isinstance(actual, bool):
        return False
    return bool(operator.eq(actual, expected))


def _write_key(key: object) -> str:
    """Return a key as JSON writes it."""
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return str(key)


class _Solution(types.ModuleType):
    """The module that `import solution` finds in the tests; it asks for a name when that is first used."""

    def __init__(self, driver: Driver) -> None:
        super().__init__("solution")
        self.__dict__["_driver"] = driver

    def __getattr__(self, name: str) -> Any:
        driver = self.__dict__["_driver"]
        if name.startswith("__"):
            raise AttributeError(name)
        answer = driver.ends.ask("hello", None, ([name],))
        if type(answer) is not dict or name not in answer:
            raise AttributeError(f"the program does not define {name}")
        self.__dict__[name] = answer[name]
        return answer[name]


def _provide_solution(driver: Driver) -> None:
    sys.modules["solution"] = _Solution(driver)


def run_unittest(driver: Driver) -> None:
    """Run each method of the module's TestCase classes as one test."""
    # Here: unittest takes long to import, and is in the candidate's process only where tests of this kind share it.
    from .unit import run_methods

    _provide_solution(driver)
    space: dict[str, Any] = {"__name__": "tests"}
    tree = ast.parse(driver.payload["code"])
    for name in collect_names(tree) - BUILTINS:
        try:
            space[name] = supply_value(name)
        except KeyError:
            continue
    names = driver.fetch_names(None)
    first = _get_entry_name(driver)
    # `from solution import *` takes what lies here; any other name is asked for when it is imported by itself.
    sys.modules["solution"].__dict__.update(
        {n: v for n, v in names.items() if n == first or (n != "_driver" and not is_known(n))}
    )
    space.update({n: v for n, v in names.items() if n == first or (n not in space and n not in BUILTINS)})
    if driver.final is None:
        module = types.ModuleType("tests")
        module.__dict__.update(space)
        sys.modules["tests"] = module
        _run_setup(driver, lambda: exec(compile(tree, "<tests>", "exec"), module.__dict__))
        if driver.final is None:
            run_methods(driver, module)
            return
    for name in driver.payload["methods"]:
        driver.run(name, _fail_loading)


def _fail_loading() -> None:
    raise FailedError("the tests could not be loaded", 0, None)


RUNNERS: dict[str, Callable[[Driver], None]] = {
    "asserts": run_asserts, "check": run_check, "calls": run_calls, "unittest": run_unittest, "answers": run_answers,
    "checker": run_checker,
}  # fmt: skip
