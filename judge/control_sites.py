"""Find the places in test code where a control can change what is expected.

A site is sure if no honest program passes the tests and the control: its assertion is reached whenever the tests pass,
and what it asserts there cannot hold together with what the tests assert. Other sites need a reference that fails them.
"""

import ast
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from judge.control_syntax import (
    EQUALITIES,
    always_raises,
    binds,
    has_items,
    is_array,
    is_compared_alone,
    is_constant,
    is_list,
    leaves,
    lets_pass,
    list_columns,
    list_compared,
    list_numbers,
)
from judge.control_values import NotConstantError, evaluate

Change = Literal["value", "members", "wrap", "shown", "bounds", "negate", "swap", "class", "warning"]
"""Replace a constant by another value; every member of a container by others; wrap an expression so that its value
changes; replace a constant that an asserted expression shows to what it looks at; move two bounds to where nothing
lies between both pairs; negate an assertion; take the opposite method; expect an exception that nothing raises."""
OPPOSITES = {
    "assertTrue": "assertFalse", "assertIs": "assertIsNot", "assertIsNone": "assertIsNotNone",
    "assertIn": "assertNotIn", "assertIsInstance": "assertNotIsInstance", "assertGreater": "assertLessEqual",
    "assertGreaterEqual": "assertLess", "assertRegex": "assertNotRegex", "assertEqual": "assertNotEqual",
}  # fmt: skip
OPPOSITES |= {opposite: name for name, opposite in OPPOSITES.items()}
CLOSE = {"assertAlmostEqual": ("delta", "places"), "isclose": ("abs_tol", "rel_tol"), "allclose": ("atol", "rtol"),
         "assert_allclose": ("atol", "rtol"), "approx": ("abs", "rel")}  # fmt: skip
INSIDE = {"assertIn", "assertNotIn"}
CALLED_WITH = {"assert_called_with", "assert_called_once_with"}


@dataclass(frozen=True)
class Site:
    """One place; `node` is what is replaced, `line` that of its assertion."""

    change: Change
    node: ast.expr
    line: int
    sure: bool
    test: str = ""
    tolerance: float = 0.0
    call: ast.Call | None = None
    """The constant is an argument of this call, whose value must change with it."""


class SiteFinder:
    """Walks the statements of one test and collects its sites."""

    def __init__(self, root: ast.AST, sure: bool = True) -> None:
        self._root, self._sites, self._sure = root, list[Site](), sure

    def find(self, body: Sequence[ast.stmt]) -> list[Site]:
        """Return the sites of these statements, in order."""
        self._walk(body, self._sure)
        return self._sites

    def _walk(self, body: Sequence[ast.stmt], sure: bool) -> bool:
        """Collect the sites of a block; return whether what follows it is reached whenever the tests pass."""
        for statement in body:
            match statement:
                case ast.Assert(test=test):
                    self._assertion(test, statement, sure)
                    self._shown([test], statement.lineno)
                    self._sites.append(Site("negate", test, statement.lineno, sure and not is_constant(test)))
                case ast.Expr(value=ast.Call() as call):
                    self._call(call, statement, sure)
                case ast.With(items=items, body=inner) | ast.AsyncWith(items=items, body=inner):
                    for item in items:
                        if isinstance(item.context_expr, ast.Call):
                            self._call(item.context_expr, statement, sure)
                    self._walk(inner, sure and all(map(lets_pass, items)))
                case ast.For(target=target, iter=source, body=inner, orelse=orelse):
                    looped = sure and has_items(source) and not leaves(inner)
                    self._walk(inner, looped)
                    self._walk(orelse, False)
                    self._loop_values(target, source, inner, looped)
                case ast.Try():
                    self._walk_try(statement, sure)
                case ast.FunctionDef(body=inner) | ast.AsyncFunctionDef(body=inner) | ast.ClassDef(body=inner):
                    self._walk(inner, False)
                case ast.If(body=inner, orelse=orelse) | ast.While(body=inner, orelse=orelse):
                    self._walk(inner, False)
                    self._walk(orelse, False)
            if leaves([statement]):
                sure = False
        return sure

    def _walk_try(self, statement: ast.Try, sure: bool) -> None:
        self._walk(statement.body, sure and not statement.handlers)
        ends = bool(statement.body) and always_raises(statement.body[-1])
        for handler in statement.handlers:
            self._walk(handler.body, sure and ends and len(statement.handlers) == 1)
        self._walk(statement.orelse, False)
        self._walk(statement.finalbody, sure)

    def _assertion(self, test: ast.expr, statement: ast.stmt, sure: bool) -> None:
        """Collect the values that an asserted expression compares with; each part of an `and` decides."""
        line = statement.lineno
        match test:
            case ast.BoolOp(op=ast.And(), values=parts):
                for part in parts:
                    self._assertion(part, statement, sure)
            case ast.Compare(left=left, ops=ops, comparators=others) if all(isinstance(op, ast.Eq) for op in ops):
                self._equality([left, *others], line, sure)
            case ast.UnaryOp(op=ast.Not(), operand=ast.Compare(left=left, ops=[ast.NotEq()], comparators=[other])):
                self._equality([left, other], line, sure)
            case ast.Compare(left=low, ops=[ast.Lt() | ast.LtE(), ast.Lt() | ast.LtE()], comparators=[middle, high]):
                if is_constant(low) and is_constant(high) and not is_constant(middle):
                    self._sites.append(Site("bounds", test, line, sure))
            case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=bool()) as node]):
                self._sites.append(Site("value", node, line, sure and not is_constant(left)))
            case ast.Compare(left=left, ops=[ast.In()], comparators=[container]) if is_constant(container):
                if not is_constant(left):
                    self._sites.append(Site("members", container, line, sure))
            case ast.Compare(left=ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(op=ast.Sub()) as minus]),
                             ops=[ast.Lt() | ast.LtE()], comparators=[bound]):  # fmt: skip
                self._near([minus.left, minus.right], bound, line, sure)
            case ast.Call(func=ast.Attribute(value=ast.Compare() as compared, attr="all"), args=[]):
                self._assertion(compared, statement, sure)
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in CLOSE and len(test.args) >= 2:
                self._close(test, name, line, sure)
            case ast.Call(func=ast.Attribute(attr="array_equal"), args=[one, other, *_]):
                self._equality([one, other], line, sure)

    def _call(self, call: ast.Call, statement: ast.stmt, sure: bool) -> None:
        """Collect the sites of a call that asserts: a method of unittest or mock, a function of numpy.testing."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        line, args = statement.lineno, call.args
        if name in EQUALITIES | {"assert_equal", "assert_array_equal"} and len(args) >= 2:
            self._equality(args[:2], line, sure)
        elif name == "assertCountEqual" and len(args) >= 2:
            self._equality(args[:2], line, sure and all(is_list(arg) or not is_constant(arg) for arg in args[:2]))
        elif name in CLOSE and len(args) >= 2:
            self._close(call, name, line, sure)
        elif name in ("assertTrue", "assertFalse") and args:
            if name == "assertTrue":
                self._assertion(args[0], statement, sure)
        elif name == "assertIn" and len(args) >= 2 and is_constant(args[1]) and not is_constant(args[0]):
            self._sites.append(Site("members", args[1], line, sure))
        elif name in CALLED_WITH:
            for arg in [*args, *(keyword.value for keyword in call.keywords)]:
                self._constant(arg, line, sure)
        elif name in ("assertRaises", "assertWarns", "assertRaisesRegex", "assertWarnsRegex") and args:
            change: Change = "class" if "Raises" in name else "warning"
            if isinstance(args[0], ast.Name | ast.Attribute):
                self._sites.append(Site(change, args[0], line, sure))
        if name.startswith("assert"):
            shown: list[ast.expr] = [ast.Compare(args[0], [ast.In()], args[1:2])] if name in INSIDE else []
            self._shown([*args, *shown], line)
        if name in OPPOSITES and isinstance(call.func, ast.Attribute) and args:
            self._sites.append(Site("swap", call.func, line, sure and not all(map(is_constant, args[:2]))))

    def _shown(self, asserted: Sequence[ast.expr], line: int) -> None:
        """Collect constants that go to methods and operators of what is looked at, and are not what is compared."""
        compared = {id(site.node) for site in self._sites} | {id(site.call) for site in self._sites}
        for node in (node for expression in asserted for node in ast.walk(expression)):
            match node:
                case ast.Call(func=ast.Attribute(), args=args):
                    parts = args
                case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()]):
                    parts = [left]
                case ast.BinOp(left=left, right=right):
                    parts = [left, right]
                case ast.Subscript(slice=index):
                    parts = [index]
                case _:
                    continue
            if not is_constant(node):
                self._sites += [
                    Site("shown", part, line, False)
                    for part in parts
                    if id(part) not in compared and is_constant(part) and not isinstance(part, ast.Call)
                ]

    def _equality(self, sides: Sequence[ast.expr], line: int, sure: bool) -> None:
        constants = [side for side in sides if is_constant(side)]
        computed = [side for side in sides if side not in constants]
        if computed and constants:
            self._constant(constants[-1], line, sure)
            return
        for side in computed:
            if isinstance(side, ast.Name) and (origin := self._find_origin(side.id)) is not None:
                self._constant(origin, line, sure)
                return
            if isinstance(side, ast.Call) and is_array(side):
                self._constant(side.args[0], line, sure)
                return
        if len(computed) == 2:
            self._sites.append(Site("wrap", computed[1], line, False))

    def _near(self, sides: Sequence[ast.expr], bound: ast.expr, line: int, sure: bool) -> None:
        try:
            tolerance = float(evaluate(bound))
        except (NotConstantError, TypeError, ValueError, OverflowError):
            return
        constants = [side for side in sides if is_constant(side)]
        if len(constants) == 1:
            self._sites.append(Site("value", constants[0], line, sure, tolerance=abs(tolerance)))

    def _close(self, call: ast.Call, name: str, line: int, sure: bool) -> None:
        """A comparison with a tolerance: an absolute one that is constant, or one that is small by default."""
        absolute, relative = CLOSE[name]
        constants = [arg for arg in call.args[:2] if is_constant(arg) or (isinstance(arg, ast.Call) and is_array(arg))]
        if len(constants) != 1 or len(call.args) > 2:
            return
        tolerance = 0.1
        for keyword in call.keywords:
            try:
                size = abs(float(evaluate(keyword.value)))
            except (NotConstantError, TypeError, ValueError, OverflowError):
                return
            if keyword.arg == absolute:
                tolerance = max(tolerance, size)
            elif keyword.arg == relative and (size < 1 if relative == "places" else size > 0.1):
                return
        node = constants[0]
        if is_array(node) and isinstance(node, ast.Call):
            node = node.args[0]
        try:
            value = evaluate(node)
        except NotConstantError:
            return
        sizes = [abs(number) for number in list_numbers(value)]
        self._sites.append(Site("value", node, line, sure, tolerance=tolerance + 0.2 * max(sizes, default=0.0)))

    def _constant(self, node: ast.expr, line: int, sure: bool) -> None:
        """Add a constant: its whole text where that is a literal, else the literals in the call that makes it."""
        if isinstance(node, ast.Call) and is_constant(node):
            for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
                inner = part.args[-1] if isinstance(part, ast.Call) and part.args else part
                self._sites.append(Site("value", inner, line, sure, call=node))
        elif is_constant(node):
            self._sites.append(Site("value", node, line, sure))

    def _find_origin(self, name: str) -> ast.expr | None:
        """Return the constant that a name has, if it is bound once, and used for nothing but comparisons."""
        bound = [part for part in ast.walk(self._root)
                 if isinstance(part, ast.Assign) and any(binds(target, name) for target in part.targets)]  # fmt: skip
        stored = sum(isinstance(part, ast.Name) and part.id == name and not isinstance(part.ctx, ast.Load)
                     for part in ast.walk(self._root))  # fmt: skip
        if len(bound) != 1 or stored != 1 or not isinstance(bound[0].targets[0], ast.Name):
            return None
        if not is_constant(bound[0].value) or not self._is_only_compared(name, self._root):
            return None
        return bound[0].value

    def _is_only_compared(self, name: str, root: ast.AST) -> bool:
        loads = sum(isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load)
                    for part in ast.walk(root))  # fmt: skip
        compared = sum(isinstance(side, ast.Name) and side.id == name for side in list_compared(root))
        return loads == compared

    def _loop_values(self, target: ast.expr, source: ast.expr, inner: list[ast.stmt], sure: bool) -> None:
        """Find the expected values in the table that a loop runs over: `for x, want in [(1, 2), (3, 4)]`."""
        body = ast.Module(inner, [])
        for name, nodes in list_columns(target, source):
            if any(is_compared_alone(statement, name) for statement in inner) and self._is_only_compared(name, body):
                for node in nodes[:20]:
                    line = next(statement.lineno for statement in inner if is_compared_alone(statement, name))
                    self._constant(node, line, sure)


def with_test(sites: Sequence[Site], test: str) -> list[Site]:
    """Return the sites as those of one test."""
    return [dataclasses.replace(site, test=test) for site in sites]
