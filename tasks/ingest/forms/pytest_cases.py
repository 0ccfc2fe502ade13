"""The parameter sets of `pytest.mark.parametrize`, as calls of a test function."""

import ast
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.ingest.dropped import UnusableRecordError

MAX_METHODS = 200
"""Most parameter sets that become methods of their own; more run in a loop of one method."""


@dataclass(frozen=True)
class Cases:
    """One decorator: the names of its parameters and their values."""

    names: tuple[str, ...]
    values: tuple[str, ...] | None
    """Source text of each set of values; None where the code computes them."""
    expression: str
    """Source text of all sets."""

    @property
    def target(self) -> str:
        """The names as the left side of an assignment."""
        return self.names[0] if len(self.names) == 1 else ", ".join(self.names)


def read_cases(decorator: ast.Call) -> Cases:
    """Return the parameters of one `parametrize`.

    Raises:
        UnusableRecordError: it is not written as names and values, or its values become fixtures' (`indirect`).
    """
    keywords = {keyword.arg: keyword.value for keyword in decorator.keywords}
    arguments = [*decorator.args, *(keywords[name] for name in ("argnames", "argvalues") if name in keywords)]
    if "indirect" in keywords or len(arguments) < 2:
        raise UnusableRecordError("unsupported_tests", "parametrize with indirect values")
    names = _read_names(arguments[0])
    sets = arguments[1]
    if not isinstance(sets, ast.List | ast.Tuple) or any(isinstance(item, ast.Starred) for item in sets.elts):
        return Cases(names, None, ast.unparse(sets))
    values = tuple(_read_values(item, len(names)) for item in sets.elts)
    return Cases(names, values, f"[{', '.join(values)}]")


def expand(cases: Sequence[Cases], body: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield (suffix of the name, lines) of the methods that run `body` for every combination of parameters."""
    count = 1
    for case in cases:
        count *= len(case.values) if case.values is not None else MAX_METHODS + 1
    if not cases:
        yield "", list(body)
    elif count <= MAX_METHODS:
        for number, values in enumerate(itertools.product(*(case.values or () for case in cases)), start=1):
            yield f"_{number}", [*(f"{c.target} = {v}" for c, v in zip(cases, values, strict=True)), *body]
    else:
        lines: list[str] = []
        for depth, case in enumerate(cases):
            lines.append(f"{'    ' * depth}for {case.target} in {case.expression}:")
        yield "", [*lines, *(f"{'    ' * len(cases)}{line}" for line in body)]


def _read_names(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return tuple(name.strip() for name in node.value.split(",") if name.strip())
    if isinstance(node, ast.List | ast.Tuple):
        names = [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        if names and len(names) == len(node.elts):
            return tuple(names)
    raise UnusableRecordError("unsupported_tests", f"parametrize with names {ast.unparse(node)}")


def _read_values(node: ast.expr, count: int) -> str:
    """Return one set of values: a tuple of `count`, or `pytest.param(...)` of them."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.param", "param"):
        if any(keyword.arg == "marks" for keyword in node.keywords):
            raise UnusableRecordError("unsupported_tests", "parametrize with marks of single values")
        return ast.unparse(node.args[0] if count == 1 else ast.Tuple(node.args, ast.Load()))
    return ast.unparse(node)
