"""`patchmill judge`: judge any programs, without a lake or a model."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from cli import rejudged
from cli.options import JsonOption, LakeOption, stderr
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Untested
from judge.protocol import Job, Judged
from storage.errors import ConfigError
from storage.files import written
from storage.settings import explain
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.records import build_problem, decode_line
from tasks.reading.problem import Problem

T = TypeVar("T")


class Solution(BaseModel):
    """One line of a solutions file; other fields are passed over, so that an exported data set can be judged."""

    model_config = ConfigDict(extra="ignore")

    id: str
    source_id: str
    code: str
    source: str | None = None


def command(
    problems: Annotated[Path | None, typer.Argument(help="Problem lines (JSONL).")] = None,
    solutions: Annotated[
        Path | None, typer.Argument(help="Solution lines (JSONL): id, source_id, code; source if ambiguous.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write verdict lines there instead of stdout.")
    ] = None,
    backend: Annotated[str, typer.Option(help="auto, docker or bubblewrap.")] = "auto",
    jobs: Annotated[int | None, typer.Option(min=1, help="Programs at one time; default: two per core.")] = None,
    reruns: Annotated[int, typer.Option(min=0, help="How often a pass is run again, to find what is flaky.")] = 0,
    since: Annotated[
        int | None, typer.Option(help="Instead: the verdicts of a lake that changed since this version of the judge.")
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print one verdict line per solution, in the order of the input; or, with --since, which verdicts changed."""
    if since is not None:
        if problems is not None:
            raise ConfigError("--since reads a lake (--lake PATH), and takes no problems or solutions")
        rejudged.tell(lake, since, as_json)
        return
    if problems is None or solutions is None:
        raise ConfigError("judge: expected two files, PROBLEMS and SOLUTIONS, or --since VERSION --lake PATH")
    try:
        settings = SandboxSettings.model_validate({"backend": backend, "jobs": jobs, "reruns": reruns})
    except ValidationError as error:
        raise ConfigError(f"--{explain(error, SandboxSettings)}") from None
    known: dict[str, list[Problem]] = {}
    for _, made in _read(problems, build_problem):
        known.setdefault(made.source_id, []).append(made)
    asked = [(s, _problem_of(s, known, where)) for where, s in _read(solutions, Solution.model_validate)]
    limits = settings.limits
    work = [
        Job(str(i), s.code, p.context, p.entry_point, p.tests, limits)
        for i, (s, p) in enumerate(asked)
        if not isinstance(p.tests, Untested)  # no file holds such a problem
    ]
    sandbox = open_sandbox(settings)
    try:
        lines = (_line(asked[int(v.job_id)][0], v) for v in _in_order(sandbox.judge(work)))
        if out is None:
            sys.stdout.writelines(lines)
        else:
            with written(out) as path, path.open("w", encoding="utf-8") as file:
                file.writelines(lines)
            stderr.print(f"{len(work)} verdicts -> {out}", markup=False)
    finally:
        sandbox.close()


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Where a line stands, and the line; U+2028 and its like end no line of JSON."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    yield from ((f"{path}:{number}", line) for number, line in enumerate(lines, 1) if line.strip())


def _read(path: Path, make: Callable[[dict[str, Any]], T]) -> Iterator[tuple[str, T]]:
    """What `make` makes of every line; raises ConfigError that names the first it can't use."""
    for where, line in _lines(path):
        try:
            yield where, make(decode_line(line))
        except UnusableRecordError as bad:
            raise ConfigError(f"{where}: {bad.detail}") from None
        except ValidationError as error:
            raise ConfigError(f"{where}: {explain(error, Solution)}") from None


def _problem_of(solution: Solution, known: dict[str, list[Problem]], where: str) -> Problem:
    found = [p for p in known.get(solution.source_id, []) if solution.source in (None, p.source)]
    if len(found) == 1:
        return found[0]
    what = "no problem has" if not found else "several problems have"
    raise ConfigError(
        f"{where}: {what} source_id {solution.source_id!r}"
        + (f" and source {solution.source!r}" if solution.source else "; add `source` if ids repeat across sources")
    )


def _in_order(verdicts: Iterable[Judged]) -> Iterator[Judged]:
    waiting: dict[int, Judged] = {}
    following = 0
    for verdict in verdicts:
        waiting[int(verdict.job_id)] = verdict
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def _line(solution: Solution, judged: Judged) -> str:
    line: dict[str, Any] = {
        "id": solution.id,
        "source_id": solution.source_id,
        "verdict": judged.verdict,
        "flags": list(judged.flags),
        "tests": [{"test": t.test, "verdict": t.verdict, "message": t.message} for t in judged.tests],
        "cpu_ms": round(judged.cpu_ms, 3),
        "wall_ms": round(judged.wall_ms, 3),
        "peak_mib": round(judged.peak_mib, 3),
        "isolation": judged.isolation,
    }
    return json.dumps(line) + "\n"  # ASCII: a program's lone surrogates must not break a line
