"""Read facts from Python source text without running it."""

import ast
import builtins
import warnings

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_BUILTINS = frozenset(dir(builtins))


def parse(code: str) -> ast.Module | None:
    """Return the syntax tree of `code`, or None where it is not Python 3."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the code's authors may write invalid escapes in their strings
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def find_definitions(tree: ast.Module) -> dict[str, Definition]:
    """Return the top-level functions and classes by name; of two with one name the last, as Python does."""
    return {node.name: node for node in tree.body if isinstance(node, Definition)}


def find_names_read(tree: ast.AST) -> set[str]:
    """Return every name that the tree reads anywhere."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def find_entry_point(reference: str | None, asserts: tuple[str, ...]) -> str | None:
    """Return the name that every assert calls, or None where no name is called by all of them.

    Among several names the reference decides: functions that it defines first, then classes, then assigned names.
    Within each group the outermost call wins. Without a reference, builtins are no candidates.
    """
    called_names = [_find_called_names(test) for test in asserts]
    common = [name for name in called_names[0] if all(name in names for names in called_names)] if called_names else []
    tree = parse(reference) if reference is not None else None
    if tree is None:
        return next((name for name in common if name not in _BUILTINS), None)
    definitions = find_definitions(tree)
    functions = [name for name in common if isinstance(definitions.get(name), ast.FunctionDef | ast.AsyncFunctionDef)]
    classes = [name for name in common if isinstance(definitions.get(name), ast.ClassDef)]
    assigned = {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
    return next(iter([*functions, *classes, *(name for name in common if name in assigned)]), None)


def copy_imports(reference: str, tests: str) -> str:
    """Return the reference's top-level imports that `tests` read without importing them, as source text.

    MBPP runs its tests in the reference's namespace, so they rely on these imports.
    """
    tests_tree, reference_tree = parse(tests), parse(reference)
    if tests_tree is None or reference_tree is None:
        return ""
    imported_names = {name for node in ast.walk(tests_tree) for name in _find_imported_names(node)}
    missing_names = find_names_read(tests_tree) - imported_names
    return "\n".join(
        ast.unparse(node) for node in reference_tree.body if missing_names & set(_find_imported_names(node))
    )


def cut_before_definition(code: str, name: str) -> str | None:
    """Return the lines that precede the top-level definition of `name`, or None where the code does not define it."""
    tree = parse(code)
    node = find_definitions(tree).get(name) if tree else None
    if node is None:
        return None
    first_line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(code.split("\n")[: first_line - 1]).strip("\n")


def split_asserts(code: str) -> tuple[str, tuple[str, ...]] | None:
    """Split a script into (all other lines, its top-level asserts), both as written; None where it is not Python 3."""
    tree = parse(code)
    if tree is None:
        return None
    parts = [(isinstance(node, ast.Assert), ast.get_source_segment(code, node) or "") for node in tree.body]
    asserts = tuple(text for is_assert, text in parts if is_assert)
    return "\n".join(text for is_assert, text in parts if not is_assert), asserts


def _find_called_names(test: str) -> list[str]:
    """Return the plain names that a test calls, outermost first; methods are left out."""
    tree = parse(test)
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    return [function.id for function in functions if isinstance(function, ast.Name)]


def _find_imported_names(node: ast.AST) -> list[str]:
    """Return the names that an import binds; none for any other node."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    return []
