"""Controls: the same tests with one expected value changed, which no honest program passes together with the tests.

A program that passes both follows whatever is expected. Controls are numbered: the same tests have the same ones.
"""

import ast
import copy
import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from judge.control_sites import OPPOSITES, Site, SiteFinder, with_test
from judge.control_syntax import SKIPS, is_number
from judge.control_values import NotConstantError, differ, evaluate, is_plain, other_value
from judge.inside.payload import OTHER
from judge.problems import Asserts, Calls, Check, UnitTest
from judge.protocol import Job

Tests = TypeVar("Tests", bound=Asserts | Check | Calls | UnitTest)
_VALUES = ("value", "members", "wrap", "shown", "bounds")
TRIES = 5  # to find another value


@dataclass(frozen=True)
class Control:
    """One way to change the tests."""

    number: int
    test: str
    """Name of the test that an honest program then fails."""
    sure: bool
    """No honest program can pass it; else only a reference that fails it can tell."""
    line: int
    """Line of the changed assertion in its text."""
    value: bool
    """It changes a value, so that objects that equal everything pass it; others only find early ends and forgery."""
    shown: bool
    """This value is one that a method or an operator of what the program returns is given."""


@dataclass(frozen=True)
class _Place:
    """A site and the text that it lies in: the number of the assert, or 0."""

    site: Site
    text: int


def find_controls(tests: object) -> list[Control]:
    """Return all controls of these tests; none for those of another kind.

    >>> from judge import Asserts
    >>> [(control.test, control.value) for control in find_controls(Asserts(asserts=["assert add(1, 2) == 3"]))]
    [('assert add(1, 2) == 3', True), ('assert add(1, 2) == 3', False)]
    """
    if isinstance(tests, Calls):
        return [Control(n, f"case {n + 1}", True, 0, True, False) for n in range(len(tests.cases))]
    if not isinstance(tests, Asserts | Check | UnitTest):
        return []
    sites = [place.site for place in _find_places(tests)]
    return [
        Control(n, site.test, site.sure, site.line, site.change in _VALUES, site.change == "shown")
        for n, site in enumerate(sites)
    ]


def change_tests(tests: Tests, number: int, rng: random.Random, borrow: bool = True) -> Tests:
    """Return the tests of one control; `rng` draws the changed value.

    With `borrow` it may be the expected value of another test, else it is always a small change of its own.

    >>> import random
    >>> from judge import Asserts
    >>> tests = Asserts(asserts=["assert add(1, 2) == 3", "assert add(2, 2) == 4"])
    >>> change_tests(tests, 1, random.Random(0)).asserts
    ('assert not (add(1, 2) == 3)', 'assert add(2, 2) == 4')

    Raises:
        NotConstantError: this place has no other value.
    """
    if isinstance(tests, Calls):
        cases = list(tests.cases)
        expected = other_value(cases[number].expected, [case.expected for case in cases] if borrow else (), rng)
        cases[number] = cases[number].model_copy(update={"expected": expected})
        return tests.model_copy(update={"cases": tuple(cases)})
    place = _find_places(tests)[number]
    text = _list_texts(tests)[place.text]
    changed = _edit(text, *_write_change(place.site, text, _pool(tests) if borrow else (), rng))
    if isinstance(tests, Asserts):
        asserts = tuple(changed if at == place.text else old for at, old in enumerate(tests.asserts))
        return tests.model_copy(update={"asserts": asserts})
    return cast("Tests", tests.model_copy(update={"code": changed}))


def change_job(job: Job, number: int, rng: random.Random, borrow: bool = True) -> Job | None:
    """Return the job of one control, see `change_tests`; None where its place has no other value."""
    assert isinstance(job.tests, Asserts | Check | Calls | UnitTest)
    for _ in range(TRIES):
        try:
            return dataclasses.replace(job, tests=change_tests(job.tests, number, rng, borrow))
        except NotConstantError:
            continue
    return None


def _list_texts(tests: Asserts | Check | UnitTest) -> tuple[str, ...]:
    return tests.asserts if isinstance(tests, Asserts) else (tests.code,)


@lru_cache(maxsize=64)
def _find_places(tests: Asserts | Check | UnitTest) -> tuple[_Place, ...]:
    places = []
    texts = _list_texts(tests)
    for at, text in enumerate(texts):
        if text in texts[:at]:
            continue
        try:
            tree = ast.parse(text)
            sites = _find_sites(tests, tree, text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        places += [_Place(site, at) for site in sites]
    return tuple(places)


@lru_cache(maxsize=64)
def _pool(tests: Asserts | Check | UnitTest) -> list[Any]:
    """Return the plain values that these tests expect anywhere."""
    values = []
    for place in _find_places(tests):
        if place.site.change == "value" and place.site.call is None:
            try:
                value = evaluate(place.site.node)
            except NotConstantError:
                continue
            if is_plain(value):
                values.append(value)
    return values


def _find_sites(tests: Asserts | Check | UnitTest, tree: ast.Module, text: str) -> list[Site]:
    if isinstance(tests, Asserts):
        return with_test(SiteFinder(tree).find(tree.body), text)
    if isinstance(tests, UnitTest):
        return _find_methods(tree)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    sites = [
        site
        for node in tree.body
        for site in (
            SiteFinder(node).find(node.body)
            if functions and node is functions[-1] and not node.decorator_list
            else SiteFinder(node, sure=not isinstance(node, ast.FunctionDef | ast.ClassDef)).find([node])
        )
    ]
    return with_test(sites, "check")


def _find_methods(tree: ast.Module) -> list[Site]:
    """Return the sites of all test methods; one is sure where unittest certainly runs the method."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    own_loader = any(isinstance(node, ast.FunctionDef) and node.name == "load_tests" for node in tree.body)
    skips = own_loader or any(map(_may_skip, tree.body))
    sites: list[Site] = []
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        runs = not skips and _is_test_case(node, classes) and classes[node.name] is node and _runs(node)
        runs = runs and not any(map(_may_skip, _list_fixtures(node, classes)))
        methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
        for method in methods.values():
            sure = runs and method.name.startswith("test") and _runs(method)
            sites_of_method = SiteFinder(method, sure).find(method.body)
            sites += with_test(sites_of_method, f"{node.name}.{method.name}")
    return sites


def _may_skip(node: ast.AST) -> bool:
    """Return whether running this statement can skip tests; those of other functions and classes do not run with it."""
    if isinstance(node, ast.ClassDef) or (isinstance(node, ast.FunctionDef) and not node.name.startswith("setUp")):
        return False
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute)]
    return any(_name(part) in SKIPS for part in parts)


def _list_fixtures(node: ast.ClassDef, classes: dict[str, ast.ClassDef], depth: int = 0) -> Iterator[ast.stmt]:
    yield from (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name.startswith("setUp"))
    for base in node.bases:
        if depth < 10 and _name(base) in classes:
            yield from _list_fixtures(classes[_name(base)], classes, depth + 1)


def _is_test_case(node: ast.ClassDef, classes: dict[str, ast.ClassDef], depth: int = 0) -> bool:
    names = [_name(base) for base in node.bases]
    if any(name.endswith("TestCase") for name in names):
        return True
    return depth < 10 and any(name in classes and _is_test_case(classes[name], classes, depth + 1) for name in names)


def _runs(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether no decorator can keep a class or method from being run: those of unittest.mock cannot."""
    parts = [_name(part.func if isinstance(part, ast.Call) else part) for part in node.decorator_list]
    return all(part in ("patch", "object", "dict", "multiple") for part in parts)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _write_change(site: Site, text: str, pool: Sequence[Any], rng: random.Random) -> tuple[ast.expr, str]:
    """Return the node to replace, and its new text; raises NotConstantError."""
    node, segment = site.node, ast.get_source_segment(text, site.node) or ""
    match site.change:
        case "negate":
            return node, f"not ({segment})"
        case "wrap":
            return node, f"{OTHER}({segment})"
        case "swap":
            assert isinstance(node, ast.Attribute)
            owner = ast.get_source_segment(text, node.value) or "self"
            return node, f"{owner}.{OPPOSITES[node.attr]}"
        case "class" | "warning":
            name = _name(node)
            return node, f"type({name!r}, ({'Exception' if site.change == 'class' else 'Warning'},), {{}})"
        case "members":
            return node, _write_members(node, pool, rng)
        case "bounds":
            return node, _write_bounds(node, text)
    value = evaluate(node)
    other = other_value(value, pool if site.call is None else (), rng, site.tolerance)
    if not is_plain(other):
        raise NotConstantError("no text")
    if site.call is not None:
        _require_other_call(site.call, node, other)
    return node, repr(other)


def _require_other_call(call: ast.Call, node: ast.expr, other: Any) -> None:
    """Raise NotConstantError unless the call's value changes with this part of it."""
    place, new = _place(node), ast.parse(repr(other), mode="eval").body

    class Replace(ast.NodeTransformer):
        def visit(self, part: ast.AST) -> Any:
            return new if isinstance(part, ast.expr) and _place(part) == place else self.generic_visit(part)

    if not differ(evaluate(Replace().visit(copy.deepcopy(call))), evaluate(call)):
        raise NotConstantError("the same value")


def _place(node: ast.expr) -> tuple[int | None, ...]:
    return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


def _write_bounds(node: ast.expr, text: str) -> str:
    """Return a comparison with two bounds above the old ones, so that nothing lies between both pairs."""
    assert isinstance(node, ast.Compare)
    low, high = evaluate(node.left), evaluate(node.comparators[1])
    if not (is_number(low) and is_number(high) and low < high):
        raise NotConstantError("no bounds")
    middle = ast.get_source_segment(text, node.comparators[0]) or ""
    return f"{2 * high - low!r} < ({middle}) < {3 * high - 2 * low!r}"


def _write_members(node: ast.expr, pool: Sequence[Any], rng: random.Random) -> str:
    """Return a container of the same length, none of whose members is one of the old ones."""
    old = evaluate(node)
    if not isinstance(old, list | tuple | set) or not old:
        raise NotConstantError("no members")
    new: list[Any] = []
    for member in old:
        other = other_value(member, pool, rng)
        for _ in range(TRIES):
            if not is_plain(other) or all(differ(other, item) for item in old):
                break
            other = other_value(other, (), rng)
        if not is_plain(other) or not all(differ(other, item) for item in old):
            raise NotConstantError("no other member")
        new.append(other)
    return repr(tuple(new) if isinstance(old, tuple) else new)


def _edit(text: str, node: ast.expr, new: str) -> str:
    """Replace the text of a node; its columns count bytes of UTF-8."""
    lines = text.encode().splitlines(keepends=True)
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    before = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    after = lines[end_line - 1][end_column:] + b"".join(lines[end_line:])
    return (before + new.encode() + after).decode()
