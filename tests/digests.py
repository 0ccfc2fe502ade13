"""Digests of versioned code. `python -m tests.digests` records them in digests.json, with names only those.

Some code decides what rows hold: verdicts, scores, mutants, times. A version constant stands beside it, and goes into
the ids of those rows. A test holds the two together: it fails when the code has changed and nothing was recorded since.
A digest covers the syntax tree, so that comments, docstrings and layout do not count.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORDED = Path(__file__).with_name("digests.json")


@dataclass(frozen=True)
class VersionedCode:
    """Files, and the constant that is raised when a change of them changes results."""

    results: str
    """What the code decides, in words: `verdicts`."""
    module: str
    constant: str
    paths: tuple[Path, ...]

    def current(self) -> dict[str, object]:
        """Return the version and the digest of the code as it is now."""
        return {"version": getattr(import_module(self.module), self.constant), "digest": digest(self.paths)}


JUDGE_WITHOUT_VERDICTS = {"__init__.py", "api.py", "audit.py", "cpus.py", "errors.py", "factory.py"}
"""Files of the judge that open sandboxes, audit them or name errors, but decide no verdict."""
VERSIONED = {
    "judge": VersionedCode(
        "verdicts", "judge.protocol", "JUDGE_VERSION",
        tuple(path for path in (ROOT / "judge").glob("*.py") if path.name not in JUDGE_WITHOUT_VERDICTS)
        + tuple((ROOT / "judge/inside").glob("*.py")),
    ),
    "mutation": VersionedCode(
        "mutants", "tasks.mutating.mutate", "MUTATOR_VERSION",
        tuple(ROOT / "tasks/mutating" / name for name in ("mutate.py", "operators.py")),
    ),
    "score": VersionedCode(
        "scores", "tasks.score.rankers", "SCORERS",
        tuple(ROOT / "tasks/score" / name for name in ("rankers.py", "rows.py", "validation.py")),
    ),
    "timing": VersionedCode(
        "timings", "tasks.timing.measure", "EFFICIENCY",
        tuple(
            ROOT / "tasks/timing" / name
            for name in ("calls.py", "measure.py", "rank.py", "rows.py", "scale.py", "search.py")
        ),
    ),
}  # fmt: skip


def digest(paths: Iterable[Path]) -> str:
    """Return one digest of the syntax trees of Python files, without docstrings; their order does not matter."""
    trees = {str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name): path for path in paths}
    texts = [[name, _canonical(ast.parse(path.read_text(encoding="utf-8")))] for name, path in sorted(trees.items())]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _canonical(node: object) -> object:
    """Return a tree as nested lists, the same under every version of Python: empty fields are left out."""
    if isinstance(node, list):
        return [_canonical(part) for part in node if not _is_docstring(part)]
    if isinstance(node, ast.AST):
        fields = [[name, _canonical(value)] for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, fields]
    return repr(node)


def _is_docstring(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def explain_change(name: str, code: VersionedCode, recorded: Mapping[str, object]) -> str:
    """Say what to do where the code or its version differs from what is recorded; empty where both are the same."""
    if code.current() == recorded:
        return ""
    return (
        f"the code that decides {code.results} differs from what was recorded for {code.constant} = "
        f"{recorded['version']}. If any of the {code.results} can change, raise {code.constant} in {code.module}. "
        f"In either case, record the digest then: .venv/bin/python -m tests.digests {name}"
    )


def read_recorded() -> dict[str, dict[str, object]]:
    """Return version and digest by name, as they were recorded last."""
    recorded: dict[str, dict[str, object]] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return recorded


def record(names: Iterable[str]) -> None:
    """Record the digests of these names; the others stay as they are."""
    recorded = read_recorded() if RECORDED.exists() else {}
    recorded |= {name: VERSIONED[name].current() for name in names}
    RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(sys.argv[1:] or VERSIONED)
