"""Decide from the text of tests alone whether they need Python's own meaning of the program's objects.

Tests that call functions and compare plain data mean the same over a wire. Tests that use classes of the program, look
at its types, names or module, patch or capture what it uses, or hand it objects of their own do not.
"""

import ast
import collections
import datetime
import decimal
import fractions

from judge.inside.names import BUILTINS, is_known
from judge.problems import Asserts, Check, UnitTest
from judge.protocol import Job

_PLAIN_TYPES: tuple[type, ...] = (
    int, float, complex, str, bytes, bytearray, list, tuple, set, frozenset, dict, range, decimal.Decimal,
    fractions.Fraction, datetime.datetime, datetime.timedelta, collections.Counter, collections.OrderedDict,
    collections.deque, type({}.keys()),
)  # fmt: skip
_METHODS = frozenset(name for kind in _PLAIN_TYPES for name in dir(kind) if callable(getattr(kind, name, None)))
_VALUES = frozenset(name for kind in _PLAIN_TYPES for name in dir(kind)) - _METHODS - {"count", "index"}
_ARRAYS = frozenset({
    "shape", "dtype", "tolist", "all", "any", "ndim", "size", "T", "columns", "index", "iloc", "loc", "values",
    "equals",
    "to_dict", "to_numpy", "reset_index", "sum", "mean", "max", "min", "round", "astype", "item", "flatten", "empty",
})  # fmt: skip
_PLAIN_MODULES = frozenset({
    "math", "cmath", "collections", "itertools", "functools", "string", "datetime", "decimal", "fractions", "heapq",
    "bisect", "operator", "statistics", "typing", "json", "time", "unittest", "numpy", "pandas", "random", "copy", "re",
    "sys", "os", "traceback", "timeit", "contextlib", "struct", "calendar", "dataclasses", "solution", "abc",
})  # fmt: skip
_TELLING = frozenset({
    "patch", "environ", "redirect_stdout", "redirect_stderr", "assertLogs", "assertNoLogs", "assertWarns",
    "assertWarnsRegex", "catch_warnings", "getcontext", "setcontext", "localcontext", "seed", "getrefcount", "settrace",
    "putenv", "chdir",
})  # fmt: skip
"""Attributes and names that act on the whole process, or read what the program did to it."""
_STREAMS = frozenset({"stdout", "stdin", "stderr", "argv", "modules"})
_QUESTIONS = frozenset({
    "type", "vars", "id", "callable", "hasattr", "issubclass", "setattr", "delattr", "dir", "open", "super",
    "isinstance", "assertIsInstance", "assertNotIsInstance", "deepcopy",
})  # fmt: skip
"""Functions whose answer over a wire may differ, if they are given something of the program's."""


def needs_native(job: Job) -> bool:
    """Return whether the tests of a job should run in one process with the program.

    >>> from judge import Asserts, Limits
    >>> def ask(test): return needs_native(Job("1", "", "", None, Asserts(asserts=[test]), Limits()))
    >>> ask("assert add(1, 2) == 3"), ask("assert Stack().items == []")
    (False, True)
    """
    texts: tuple[str, ...]
    match job.tests:
        case Asserts(setup=setup, asserts=asserts):
            texts = (setup, *asserts)
        case Check(code=code) | UnitTest(code=code):
            texts = (code,)
        case _:
            return False
    try:
        trees = [ast.parse(text) for text in texts]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    entry = job.entry_point.split(".")[0].removesuffix("()") if job.entry_point else None
    return _Reader(trees, entry).needs_native()


class _Reader:
    """The test code of one problem: which names are the program's, and what is done with them."""

    def __init__(self, trees: list[ast.Module], entry: str | None) -> None:
        self._nodes = [node for tree in trees for node in ast.walk(tree)]
        self._modules = set[str]()
        imported = set[str]()
        for node in self._nodes:
            if isinstance(node, ast.Import):
                self._modules |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module != "solution":
                imported |= {alias.asname or alias.name for alias in node.names}
        self._solution = {alias.asname or alias.name for node in self._nodes if isinstance(node, ast.Import)
                          for alias in node.names if alias.name == "solution"}  # fmt: skip
        classes = [node for node in self._nodes if isinstance(node, ast.ClassDef)]
        self._cases = {node.name for node in classes if any(_is_test_case(base) for base in node.bases)}
        self._own_classes = {node.name for node in classes} - self._cases
        self._own_attributes = {
            part.name if isinstance(part, ast.FunctionDef) else part.attr
            for node in classes
            for part in ast.walk(node)
            if isinstance(part, ast.FunctionDef)
            or (isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self")
        }
        bound = {node.id for node in self._nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        bound |= {node.arg for node in self._nodes if isinstance(node, ast.arg)} - {"candidate"}
        defined = {node.name for node in self._nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        caught = {node.name for node in self._nodes if isinstance(node, ast.ExceptHandler) and node.name}
        self._caught = caught | {
            part.id
            for node in self._nodes
            if isinstance(node, ast.withitem) and node.optional_vars
            for part in ast.walk(node.optional_vars)
            if isinstance(part, ast.Name)
        }
        own = self._modules | imported | bound | defined | caught | {node.name for node in classes}
        read = {node.id for node in self._nodes if isinstance(node, ast.Name)}
        uses = {
            node.value.id
            for node in self._nodes
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        self._program = {name for name in read - own if name not in BUILTINS and not is_known(name)}
        self._program |= {
            name for name in ("Counter", "Solution") if name in read - own - imported and name not in uses
        }
        self._program |= {"candidate"} if "candidate" in read else set()
        self._program |= {
            alias.asname or alias.name
            for node in self._nodes
            if isinstance(node, ast.ImportFrom) and node.module == "solution"
            for alias in node.names
        }
        self._program |= {entry} if entry else set()
        self._arrays = bool(read & {"np", "numpy", "pd", "pandas"})
        self._called = {id(node.func) for node in self._nodes if isinstance(node, ast.Call)}
        self._entry = entry

    def needs_native(self) -> bool:
        """Return whether any part of the code has a meaning that only one process keeps."""
        return any(map(self._tells, self._nodes)) or self._crosses()

    def _tells(self, node: ast.AST) -> bool:
        match node:
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                return True
            case ast.Import(names=names):
                return any(
                    alias.name.split(".")[0] not in _PLAIN_MODULES or alias.name == "unittest.mock" for alias in names
                )
            case ast.ImportFrom(module=module, names=names):
                top = (module or "").split(".")[0]
                return top not in _PLAIN_MODULES or any(alias.name in _TELLING | {"mock"} for alias in names)
            case ast.Name(id=name):
                return name in _TELLING or (name == "open" and id(node) in self._called)
            case ast.FunctionDef() | ast.ClassDef():
                parts = [*node.decorator_list, *(node.bases if isinstance(node, ast.ClassDef) else ())]
                return any(self._is_program(part) for part in parts)
            case ast.withitem(context_expr=ast.Call(func=ast.Name(id=name))):
                return name in self._program
            case ast.Compare(ops=ops, comparators=others):
                sides = [node.left, *others]
                return any(isinstance(op, ast.Is | ast.IsNot) for op in ops) and not any(
                    isinstance(side, ast.Constant) for side in sides
                )
            case ast.Call():
                return self._call_tells(node)
            case ast.Attribute():
                return self._attribute_tells(node)
        return False

    def _call_tells(self, node: ast.Call) -> bool:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in self._program and name[:1].isupper() and "_" not in name:  # else no name of a class
            return not self._is_namespace(node)
        if name in ("assertIs", "assertIsNot") and len(node.args) >= 2:
            return not any(isinstance(arg, ast.Constant) for arg in node.args[:2])
        if name not in _QUESTIONS:
            return False
        args = node.args[1:] if "sinstance" in name or "sInstance" in name else node.args
        return any(self._is_program(part) for arg in args for part in ast.walk(arg)) or (
            name
            not in ("isinstance", "assertIsInstance", "assertNotIsInstance", "type", "deepcopy", "id", "super", "open")
            and bool(node.args)
        )

    def _is_namespace(self, node: ast.Call) -> bool:
        """Return whether a class only holds the function that is called: `Solution().solve(1)`."""
        holders = [part for part in self._nodes if isinstance(part, ast.Attribute) and part.value is node]
        return bool(holders) and id(holders[0]) in self._called and not node.args and not node.keywords

    def _attribute_tells(self, node: ast.Attribute) -> bool:
        name, owner = node.attr, node.value
        if name.startswith("__") and not (isinstance(owner, ast.Call) and _is_super(owner)):
            return True
        if isinstance(owner, ast.Name):
            if owner.id in self._solution:
                return id(node) not in self._called
            if owner.id == "sys" and name in _STREAMS:
                return True
            if owner.id in self._modules | {"self", "cls"} | self._caught | self._cases or is_known(owner.id):
                return name in _TELLING
            if owner.id in self._own_classes and owner.id not in self._program:
                return False
        if isinstance(owner, ast.Attribute) and _root(owner) in self._modules | self._caught:
            return name in _TELLING
        if self._arrays and name in _ARRAYS:
            return False
        if isinstance(owner, ast.Call) and owner in self._nodes and self._is_entry_call(owner):
            return False
        plain = name in _METHODS if id(node) in self._called else name in _VALUES
        return not plain and name not in self._own_attributes

    def _is_entry_call(self, call: ast.Call) -> bool:
        return (
            isinstance(call.func, ast.Name) and call.func.id in self._program and call.func.id[:1].isupper()
            and self._is_namespace(call)
        )  # fmt: skip

    def _crosses(self) -> bool:
        """Return whether a class of the tests', or an instance of one, is handed to the program."""
        made = set(self._own_classes)
        for node in self._nodes:
            if isinstance(node, ast.Assign) and any(_names(node.value) & made):
                made |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        return any(
            isinstance(node, ast.Call) and self._is_program(node.func) and any(_names(arg) & made for arg in node.args)
            for node in self._nodes
        )

    def _is_program(self, node: ast.AST) -> bool:
        while isinstance(node, ast.Call | ast.Attribute):
            node = node.func if isinstance(node, ast.Call) else node.value
        return isinstance(node, ast.Name) and node.id in self._program


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_test_case(base: ast.expr) -> bool:
    return (base.id if isinstance(base, ast.Name) else getattr(base, "attr", "")).endswith("TestCase")


def _is_super(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "super"
