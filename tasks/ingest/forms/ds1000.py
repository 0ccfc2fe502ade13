"""Convert rows of DS-1000: snippets of code for numpy, pandas and their like, put into a template by the tests.

A row's program is no module: it is text, which its tests put into a template and run once per input. The context of
the problem therefore takes the program's text (judge/inside/program.py). It gives the tests that text, and
`run_solution`, which runs the filled template in the program's process. Inputs and expected values stay with the tests.
What comes back are the names that the tests read, the files that they open, and pyplot where they look at a figure.
"""

import ast
import re
from collections.abc import Iterator

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.fields import read_json, read_text
from tasks.ingest.records import Fields
from tasks.ingest.settings import FormSource
from tasks.reading.python_text import find_definitions, parse

_END = re.compile(r"\s*(#+ )?(BEGIN SOLUTION|SOLUTION START)\s*(<code>)?\s*$")
_REQUEST = """

Write only the code that takes the place of the solution, in one Python code block. It runs after the code above, which
it need not repeat."""
_CONTEXT = """\
import ast
import os


def __program__(text):
    def run_solution(code, space):
        space = dict(space)
        before = code.partition(text)[0].count("\\n")
        try:
            tree = ast.parse(code)
        except SyntaxError as error:
            error.filename, error.lineno = "<solution>", max(1, (error.lineno or 1) - before)
            raise
        for node in ast.walk(tree):  # lines as the program counts them
            if hasattr(node, "lineno"):
                node.lineno = node.end_lineno = max(0, node.lineno - before) or 1 << 20
                node.col_offset = node.end_col_offset = 0
        exec(compile(tree, "<solution>", "exec"), space)
        values = {name: space[name] for name in NAMES if name in space}
        files = {}
        for name in FILES:
            if os.path.isfile(name):
                with open(name, "rb") as file:
                    files[name] = file.read()
        return values, files

    globals().update(solution_text=text, run_solution=run_solution)
"""
_TESTS = '''


import unittest

_generate, _own_plt = generate_test_case, globals().get("plt")


def exec(code, space):
    """Run the template in the program's process; the tests then look at its values, files and figure."""
    values, files = run_solution(code, space)
    for name, data in files.items():
        with open(name, "wb") as file:
            file.write(data)
    if _own_plt is not None and "plt" in values:
        globals()["plt"] = values.pop("plt")
    space.update(values)


def _other(value):
    """Return another answer of the same kind."""
    library = type(value).__module__.partition(".")[0]
    try:
        if isinstance(value, (list, tuple)) and len(value):
            return type(value)([_other(value[0]), *value[1:]])
        if isinstance(value, dict) and value:
            return {**value, next(iter(value)): _other(next(iter(value.values())))}
        if isinstance(value, (str, bytes)):
            return value + value[-1:] if value else object()
        if library == "pandas" and hasattr(value, "iloc"):
            changed, first = value.copy(), (0,) * value.ndim
            changed.iloc[first] = _other(changed.iloc[first])
            return changed
        if library == "numpy" and value.ndim:
            changed = value.copy()
            changed.flat[0] = _other(changed.flat[0])
            return changed
        return not value if isinstance(value, bool) else value + value if library == "scipy" else value + 1
    except Exception:
        return object()


class _Execution:
    """Equals KEY if the program passes; to equal another number, it must give other answers than are right."""

    def __eq__(self, key):
        def generate(number):
            if _own_plt is not None:
                globals()["plt"] = _own_plt
            test_input, answer = _generate(number)
            return test_input, answer if key == KEY else _other(answer)

        globals()["generate_test_case"] = generate
        test_execution(solution_text)
        return True


def _passes():
    return _Execution() == KEY


class TestSolution(unittest.TestCase):
'''
_EXECUTION = """\
    def test_execution(self):
        self.assertEqual(_Execution(), KEY)
"""
_WITHOUT_ANSWER = """\
    def test_execution(self):
        self.assertTrue(_passes())
"""
_STRING = """
    def test_string(self):
        test_string(solution_text)
"""


def convert_ds1000(row: Fields, number: int, settings: FormSource) -> Fields:
    """Convert one row.

    Raises:
        UnusableRecordError: a field is missing or has another form than the authors'.
    """
    metadata = read_json(row, "metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("problem_id"), int):
        raise UnusableRecordError("missing_field", "metadata.problem_id: expected an integer")
    tests = read_text(row, "code_context")
    tree = parse(tests)
    definitions = {} if tree is None else find_definitions(tree)
    for needed in ("generate_test_case", "test_execution"):
        if needed not in definitions:
            raise UnusableRecordError("bad_tests", f"code_context: expected Python that defines {needed}(...)")
    names = set(_find_results(definitions["test_execution"]))
    if not names:
        raise UnusableRecordError("bad_tests", "code_context: test_execution reads no result of what it runs")
    check = definitions.get("exec_test", definitions["test_execution"])
    opened, written = set(_find_texts(check)), set(_find_texts(definitions["generate_test_case"]))
    files = {name for name in opened - written if re.fullmatch(r"[\w-]+\.\w+", name)}
    if any(isinstance(node, ast.Name) and node.id == "plt" for node in ast.walk(check)):
        names.add("plt")
    problem_id = metadata["problem_id"]
    added = _TESTS + (_EXECUTION if _uses_answer(check) else _WITHOUT_ANSWER)
    added += _STRING if "test_string" in definitions else ""
    return {
        "source_id": str(problem_id),
        "prompt": _END.sub("", read_text(row, "prompt")) + _REQUEST,
        "entry_point": None,
        "context": _CONTEXT.replace("NAMES", repr(sorted(names))).replace("FILES", repr(sorted(files))),
        "tests": {"kind": "unittest", "code": tests + added.replace("KEY", str(1000 + problem_id))},
        "references": [read_text(row, "reference_code")],
    }


def _find_results(function: ast.AST) -> Iterator[str]:
    """Yield the names that the tests read of the namespace that they hand to `exec`."""
    spaces = {
        call.args[1].id
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "exec"
        if len(call.args) > 1 and isinstance(call.args[1], ast.Name)
    }
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name(id=space), slice=ast.Constant(value=str(name))) if space in spaces:
                yield name


def _uses_answer(check: ast.AST) -> bool:
    """Return whether the test reads the expected answer, its last argument; tests of figures do not."""
    names = [node.arg for node in ast.walk(check) if isinstance(node, ast.arg)]
    return bool(names) and any(isinstance(node, ast.Name) and node.id == names[-1] for node in ast.walk(check))


def _find_texts(function: ast.AST) -> Iterator[str]:
    """Yield the texts among the arguments of calls, such as names of files."""
    for call in ast.walk(function):
        if isinstance(call, ast.Call):
            yield from (arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
