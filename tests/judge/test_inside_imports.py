"""Code inside the sandbox imports the standard library and itself alone, and never in a circle."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

INSIDE = Path(__file__).parents[2] / "judge" / "inside"
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in INSIDE.glob("*.py")}


def list_imports(source: str) -> Iterator[str]:
    """Yield the modules that a source imports, also inside functions; those of its own package start with a dot."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=None, names=names, level=1):
                yield from (f".{name.name}" for name in names)
            case ast.ImportFrom(module=str(module), level=level):
                yield "." * level + module


def sort_modules(sources: dict[str, str]) -> list[str]:
    """Return modules so that each stands after those it imports; raises CycleError."""
    graph = {
        name: {module[1:] for module in list_imports(source) if module.startswith(".")}
        for name, source in sources.items()
    }
    return list(TopologicalSorter(graph).static_order())


def test_no_module_imports_itself_through_others() -> None:
    order = sort_modules(SOURCES)
    assert set(order) == set(SOURCES) and len(order) > 20
    assert order.index("driver") < order.index("kinds") < order.index("warm") < order.index("zygote")


def test_a_circle_through_an_import_in_a_function_is_found() -> None:
    circle = {"a": "from .b import x", "b": "def f():\n    if f:\n        from . import c", "c": "from .a import y"}
    with pytest.raises(CycleError):
        sort_modules(circle)


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_but_the_standard_library_is_imported(name: str) -> None:
    other = {module for module in list_imports(SOURCES[name]) if not module.startswith(".")}
    assert {module.split(".")[0] for module in other} <= sys.stdlib_module_names
