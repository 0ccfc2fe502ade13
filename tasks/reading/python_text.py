"""What can be read from Python text without running it."""

import ast
import warnings

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def parse(code: str) -> ast.Module | None:
    """The tree of `code`, or None where Python 3 can't read it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in somebody's string is not our affair
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def definitions(tree: ast.Module) -> dict[str, Definition]:
    """Functions and classes at the top level, by name; of two with one name the last, as Python has it."""
    return {node.name: node for node in tree.body if isinstance(node, Definition)}


def names_read(tree: ast.AST) -> set[str]:
    """Every name that is read somewhere in the tree."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def entry_point(reference: str | None, asserts: tuple[str, ...]) -> str | None:
    """The name that every assert calls; where there are several, a function the reference defines, the outermost first.

    Without a reference, builtins and whatever is a method are no candidates. None where no name is called by all.
    """
    called = [_called(test) for test in asserts]
    common = [name for name in called[0] if all(name in names for names in called)] if called else []
    tree = parse(reference) if reference is not None else None
    if tree is None:
        return next((name for name in common if name not in _BUILTINS), None)
    defined = definitions(tree)
    functions = [name for name in common if isinstance(defined.get(name), ast.FunctionDef | ast.AsyncFunctionDef)]
    classes = [name for name in common if isinstance(defined.get(name), ast.ClassDef)]
    assigned = {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
    return next(iter([*functions, *classes, *(name for name in common if name in assigned)]), None)


def imports_for(tests: str, reference: str) -> str:
    """The reference's top-level imports of what `tests` read and do not import: MBPP's tests share its namespace."""
    wanted, tree = parse(tests), parse(reference)
    if wanted is None or tree is None:
        return ""
    read = names_read(wanted) - {name for node in ast.walk(wanted) for name in _bound(node)}
    return "\n".join(ast.unparse(node) for node in tree.body if read & set(_bound(node)))


def before(code: str, name: str) -> str | None:
    """The lines that stand before the definition of `name` at the top level, or None where nothing defines it."""
    tree = parse(code)
    node = definitions(tree).get(name) if tree else None
    if node is None:
        return None
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(code.split("\n")[: first - 1]).strip("\n")


def split_asserts(code: str) -> tuple[str, tuple[str, ...]] | None:
    """Split a script into (everything else, its top-level asserts), both as written; None where it can't be read."""
    tree = parse(code)
    if tree is None:
        return None
    parts = [(isinstance(node, ast.Assert), ast.get_source_segment(code, node) or "") for node in tree.body]
    return "\n".join(text for is_assert, text in parts if not is_assert), tuple(
        t for is_assert, t in parts if is_assert
    )


def _called(test: str) -> list[str]:
    """Names called in a test, outermost first."""
    tree = parse(test)
    calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)] if tree else []
    return [func.id for func in calls if isinstance(func, ast.Name)]


def _bound(node: ast.AST) -> list[str]:
    """Names that an import binds; of anything else, none."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    return []


_BUILTINS = frozenset(__builtins__ if isinstance(__builtins__, dict) else dir(__builtins__))
