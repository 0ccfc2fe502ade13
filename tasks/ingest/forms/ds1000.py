"""Convert rows of DS-1000: snippets of code for numpy, pandas and their like, put into a template by the tests.

A row's program is no module: it is text, which its tests put into a context of theirs and run once per input. The
context of the problem therefore keeps the program's text (judge/inside/program.py) and runs what the tests hand over,
in the program's process; the tests, their inputs and what they expect stay in theirs.
"""

import ast
import re

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.fields import read_json, read_text
from tasks.ingest.records import Fields
from tasks.ingest.settings import FormSource
from tasks.reading.python_text import find_definitions, parse

_CONTEXT = '''\
import ast

solution_text = ""


def __program__(text):
    global solution_text
    solution_text = text


def run_solution(code, space):
    """Run the tests' template with the program in it; return the names that the tests read."""
    space = dict(space)
    before = code.partition(solution_text)[0].count("\\n")
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
    return {name: space[name] for name in NAMES if name in space}
'''
_TESTS = """


def exec(code, space):
    space.update(run_solution(code, space))


import unittest


class TestSolution(unittest.TestCase):
"""
_METHOD = """\
    def {name}(self):
        {name}(solution_text)
"""
_END = re.compile(r"\s*(#+ )?(BEGIN SOLUTION|SOLUTION START)\s*(<code>)?\s*$")
_REQUEST = """

Write only the code that takes the place of the solution, in one Python code block. It runs after the code above, which
it need not repeat."""


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
    methods = [name for name in ("test_execution", "test_string") if name in definitions]
    if "test_execution" not in methods:
        raise UnusableRecordError("bad_tests", "code_context: expected Python that defines test_execution(solution)")
    names = sorted(_find_results(definitions["test_execution"]))
    if not names:
        raise UnusableRecordError("bad_tests", "code_context: test_execution reads no result of what it runs")
    return {
        "source_id": str(metadata["problem_id"]),
        "prompt": _END.sub("", read_text(row, "prompt")) + _REQUEST,
        "entry_point": None,
        "context": _CONTEXT.replace("NAMES", repr(names)),
        "tests": {
            "kind": "unittest",
            "code": tests + _TESTS + "\n".join(_METHOD.format(name=name) for name in methods),
        },
        "references": [read_text(row, "reference_code")],
    }


def _find_results(function: ast.AST) -> set[str]:
    """Return the names that the tests read of the namespace that they hand to `exec`."""
    spaces = {
        call.args[1].id
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "exec"
        if len(call.args) > 1 and isinstance(call.args[1], ast.Name)
    }
    return {
        node.slice.value
        for node in ast.walk(function)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in spaces
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    }
