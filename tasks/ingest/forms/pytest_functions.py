"""Translate plain pytest functions into a module of unittest, which is what the judge runs.

The functions stay as they are, without their decorators; a TestCase calls them. `pytest.raises`, `approx`, `fail` and
`param` are given by a few lines of code (PYTEST). What cannot be translated, such as pytest's own fixtures, is a reason
to drop the row.
"""

import ast
from collections.abc import Sequence

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.pytest_cases import Cases, expand, read_cases
from tasks.ingest.forms.pytest_module import PYTEST
from tasks.ingest.records import Fields
from tasks.reading.python_text import find_names_read, parse

_IGNORED_MARKS = frozenset({"timeout", "slow", "unit", "integration", "order", "dependency", "smoke", "basic"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
Fixtures = dict[str, ast.FunctionDef]
"""Fixtures that the code defines itself, by name."""


def convert_pytest(code: str) -> tuple[str | None, Fields]:
    """Return (entry point, tests of kind unittest).

    The entry point is the one name that is imported from `solution`, or None where there are several.

    Raises:
        UnusableRecordError: the code is no Python 3, holds no test, or needs what the judge has not.
    """
    tree = parse(code)
    if tree is None:
        raise UnusableRecordError("bad_tests", "the tests are no Python 3")
    imported = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "solution"
        for alias in node.names
    ]
    names = list(dict.fromkeys(name for name in imported if name != "*"))
    entry_point = names[0] if len(names) == 1 else None
    return entry_point, {"kind": "unittest", "code": translate_pytest(code)}


def translate_pytest(code: str) -> str:
    """Return a module of unittest.TestCase classes that runs the same tests; one that has only such stays as it is.

    Raises:
        UnusableRecordError: as for `convert_pytest`.
    """
    tree = parse(code)
    if tree is None:
        raise UnusableRecordError("bad_tests", "the tests are no Python 3")
    body = [node for node in tree.body if not _is_main(node)]
    functions = [node for node in body if _is_test(node)]
    classes = [node for node in body if isinstance(node, ast.ClassDef) and _is_plain_class(node)]
    if not functions and not classes:
        if any(isinstance(node, ast.ClassDef) and any(map(_is_test, node.body)) for node in body):
            return code
        raise UnusableRecordError("no_tests", "no function or method named test...")
    fixtures = {node.name: node for node in body if isinstance(node, ast.FunctionDef) and _is_fixture(node)}
    methods = [line for node in functions for line in _write_methods(node, fixtures)]
    for node in classes:
        _convert_class(node, fixtures)
    if not methods and not any(_is_test(part) for node in classes for part in node.body):
        raise UnusableRecordError("no_tests", "every test is skipped")
    module = ast.Module([_strip(node) for node in body if not _imports_pytest(node)], [])
    uses_pytest = "pytest" in find_names_read(tree) or any(map(_imports_pytest, body))
    parts = ["import unittest", PYTEST if uses_pytest else "", _bind_imports(body), ast.unparse(module)]
    if methods:
        parts.append("\n".join(["\n\nclass TestFunctions(unittest.TestCase):", *methods]))
    return "\n\n".join(filter(None, parts)) + "\n"


def _write_methods(node: ast.stmt, fixtures: Fixtures) -> list[str]:
    """Return the lines of the methods that call one function, one per parameter set where they are written out."""
    assert isinstance(node, _Function)
    cases = _read_decorators(node)
    if cases is None:
        return []
    parameters = {name for case in cases for name in case.names}
    call = f"{node.name}({_pass_arguments(_arguments(node), parameters, fixtures, {})})"
    lines: list[str] = []
    for suffix, body in expand(cases, [call]):
        lines += [f"    def {node.name}{suffix}(self):", *(f"        {line}" for line in body), ""]
    return lines


def _convert_class(node: ast.ClassDef, fixtures: Fixtures) -> None:
    """Turn a plain class of pytest into a TestCase, in place."""
    node.bases = [parse_expression("unittest.TestCase")]
    own = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef) and _is_fixture(part)}
    body: list[ast.stmt] = []
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name in ("setup_method", "teardown_method"):
            renamed = "setUp" if part.name == "setup_method" else "tearDown"
            part.args.args, part.name = part.args.args[:1], renamed
        elif isinstance(part, ast.FunctionDef) and part.name in ("setup_class", "teardown_class"):
            part.name = "setUpClass" if part.name == "setup_class" else "tearDownClass"
            part.decorator_list = [parse_expression("classmethod")]
        elif _is_test(part):
            body += _convert_method(part, fixtures, own)
            continue
        body.append(part)
    node.body = body


def _convert_method(node: ast.stmt, fixtures: Fixtures, own: Fixtures) -> list[ast.stmt]:
    assert isinstance(node, _Function)
    cases = _read_decorators(node)
    if cases is None:
        return []
    _strip(node)
    arguments = _arguments(node)[1:]
    if not arguments:
        return [node]
    parameters = {name for case in cases for name in case.names}
    test, node.name = node.name, f"_{node.name}"
    call = f"self.{node.name}({_pass_arguments(arguments, parameters, fixtures, own)})"
    text = "\n".join(
        line
        for suffix, body in expand(cases, [call])
        for line in [f"def {test}{suffix}(self):", *(f"    {part}" for part in body)]
    )
    return [node, *ast.parse(text).body]


def _pass_arguments(names: Sequence[str], given: set[str], fixtures: Fixtures, own: Fixtures) -> str:
    """Return the arguments of a call: parameters by name, fixtures by calls of them."""
    return ", ".join(f"{name}={name if name in given else _call_fixture(name, fixtures, own, ())}" for name in names)


def _call_fixture(name: str, fixtures: Fixtures, own: Fixtures, callers: tuple[str, ...]) -> str:
    """Return the call of a fixture of the module or of the class, with the fixtures that it takes itself."""
    target = f"self.{name}" if name in own else name
    fixture = own.get(name) or fixtures.get(name)
    if fixture is None:
        raise UnusableRecordError("unsupported_tests", f"the fixture {name} of pytest, which the judge has not")
    if any(isinstance(decorator, ast.Call) and _needs_pytest(decorator) for decorator in fixture.decorator_list):
        raise UnusableRecordError("unsupported_tests", f"the fixture {name} has parameters of its own")
    if name in callers:
        raise UnusableRecordError("unsupported_tests", f"the fixture {name} takes itself")
    arguments = [argument for argument in _arguments(fixture) if argument != "self"]
    passed = (f"{argument}={_call_fixture(argument, fixtures, own, (*callers, name))}" for argument in arguments)
    call = f"{target}({', '.join(passed)})"
    is_generator = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(fixture))
    return f"next(_keep({call}))" if is_generator else call


def _needs_pytest(decorator: ast.Call) -> bool:
    return any(keyword.arg in ("params", "autouse", "name") for keyword in decorator.keywords)


def _read_decorators(node: _Function) -> list[Cases] | None:
    """Return the parameters of a test, outermost last; None where it is skipped.

    Raises:
        UnusableRecordError: the test is async, or has a decorator that can't be translated.
    """
    if isinstance(node, ast.AsyncFunctionDef):
        raise UnusableRecordError("unsupported_tests", f"{node.name} is async")
    cases: list[Cases] = []
    for decorator in reversed(node.decorator_list):
        name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        mark = name.removeprefix("pytest.").removeprefix("mark.")
        if mark == "parametrize" and isinstance(decorator, ast.Call):
            cases.append(read_cases(decorator))
        elif mark == "skip":
            return None
        elif mark not in _IGNORED_MARKS:
            raise UnusableRecordError("unsupported_tests", f"{node.name} has the decorator {name}")
    return cases


def _arguments(node: _Function) -> list[str]:
    """Return the names of the parameters that have no default."""
    if node.args.vararg or node.args.kwarg or node.args.kwonlyargs:
        raise UnusableRecordError("unsupported_tests", f"{node.name} takes any number of arguments")
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return names[: len(names) - len(node.args.defaults)]


def _strip(node: ast.stmt) -> ast.stmt:
    """Remove the decorators of pytest from a function, in place."""
    if isinstance(node, ast.FunctionDef) and (_is_test(node) or _is_fixture(node)):
        node.decorator_list = []
    if isinstance(node, ast.ClassDef):
        node.decorator_list = [part for part in node.decorator_list if "pytest" not in ast.unparse(part)]
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and _is_fixture(part):
                _strip(part)
    return node


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, _Function) and node.name.startswith("test")


def _is_plain_class(node: ast.ClassDef) -> bool:
    return not node.bases and node.name.startswith("Test") and any(map(_is_test, node.body))


def _is_fixture(node: _Function) -> bool:
    return any("fixture" in ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list)


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _imports_pytest(node: ast.stmt) -> bool:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    return names == ["pytest"] or (isinstance(node, ast.ImportFrom) and node.module == "pytest")


def _bind_imports(body: Sequence[ast.stmt]) -> str:
    """Return assignments that stand for `from pytest import approx` and `import pytest as pt`."""
    lines = []
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == "pytest":
            lines += [f"{alias.asname or alias.name} = pytest.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import) and _imports_pytest(node) and node.names[0].asname:
            lines.append(f"{node.names[0].asname} = pytest")
    return "\n".join(lines)


def parse_expression(text: str) -> ast.expr:
    """Return the tree of one expression."""
    return ast.parse(text, mode="eval").body
