"""HumanEval and HumanEvalFix as rows of JSON or Parquet."""

import ast

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.humaneval import convert_humaneval
from tasks.ingest.records import Fields, require_field
from tasks.ingest.settings import FormSource
from tasks.reading.python_text import parse


def convert_plain(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of HumanEval."""
    fields = convert_humaneval(row)
    return {**fields, "references": [fields.pop("reference")]}


def convert_fix(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of HumanEvalFix: to mend `buggy_solution`, judged by the row's check."""
    task_id, name = require_field(row, "task_id", str), require_field(row, "entry_point", str)
    if not task_id.lower().startswith("python"):
        raise UnusableRecordError("other_language", f"{task_id}: a task in {task_id.partition('/')[0]}")
    prompt, buggy = require_field(row, "prompt", str), require_field(row, "buggy_solution", str)
    setup, imports = (str(row.get(field) or "") for field in ("test_setup", "import"))
    test = _remove_calls(require_field(row, "test", str))
    fields = convert_plain({**row, "test": "\n".join(filter(None, [imports, setup, test]))}, number, settings)
    return {**fields, "prompt": f"{prompt}{buggy}".rstrip() + f"\n\nFix the bugs in `{name}`."}


def _remove_calls(test: str) -> str:
    """Return the test without its own call of `check`: the judge calls it."""
    tree, lines = parse(test), test.split("\n")
    for node in reversed(tree.body if tree else []):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and "check" in ast.unparse(node.value.func):
            lines[node.lineno - 1 : node.end_lineno] = []
    return "\n".join(lines)
