"""`patchmill judge`: judge programs from files, without a lake or a model."""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from cli import verdict_changes
from cli.options import JsonOption, LakeOption, stderr
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Untested
from judge.protocol import Job, Judged
from storage.errors import ConfigError
from storage.files import atomic_write
from storage.settings import explain_validation
from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.records import Fields, build_problem, decode_line
from tasks.reading.problem import Problem

T = TypeVar("T")


class Solution(BaseModel):
    """One line of a solutions file. Other fields are ignored, so that an exported dataset can be judged."""

    model_config = ConfigDict(extra="ignore")

    id: str
    source_id: str
    code: str
    source: str | None = None


def command(
    problems: Annotated[Path | None, typer.Argument(help="Problem lines (JSONL).")] = None,
    solutions: Annotated[
        Path | None,
        typer.Argument(help="Solution lines (JSONL): id, source_id, code, and source where a source_id is ambiguous."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write verdict lines to this file.")] = None,
    backend: Annotated[str, typer.Option(help="auto, docker or bubblewrap.")] = "auto",
    jobs: Annotated[int | None, typer.Option(min=1, help="Programs at one time; default: two per core.")] = None,
    reruns: Annotated[int, typer.Option(min=0, help="Extra runs of each program that passes, to find flaky ones.")] = 0,
    since: Annotated[
        int | None,
        typer.Option(
            metavar="VERSION", help="Instead: show verdicts of a lake that changed since this version of the judge."
        ),
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print one verdict line per solution, in the order of the input; with --since, print changed verdicts."""
    if since is not None:
        if problems is not None:
            raise ConfigError("--since reads a lake (--lake PATH), and takes no problems or solutions")
        verdict_changes.print_changes(lake, since, as_json)
        return
    if problems is None or solutions is None:
        raise ConfigError("judge: expected two files, PROBLEMS and SOLUTIONS, or --since VERSION --lake PATH")
    try:
        settings = SandboxSettings.model_validate({"backend": backend, "jobs": jobs, "reruns": reruns})
    except ValidationError as error:
        raise ConfigError(f"--{explain_validation(error, SandboxSettings)}") from None
    pairs = _read_pairs(problems, solutions)
    work = [
        Job(str(number), solution.code, problem.context, problem.entry_point, problem.tests, settings.limits)
        for number, (solution, problem) in enumerate(pairs)
        if not isinstance(problem.tests, Untested)  # no file holds such a problem
    ]
    sandbox = open_sandbox(settings)
    try:
        verdicts = _in_order(sandbox.judge(work))
        lines = (_verdict_line(pairs[int(verdict.job_id)][0], verdict) for verdict in verdicts)
        if out is None:
            sys.stdout.writelines(lines)
        else:
            with atomic_write(out) as path, path.open("w", encoding="utf-8") as file:
                file.writelines(lines)
            stderr.print(f"{len(work)} verdicts -> {out}", markup=False)
    finally:
        sandbox.close()


def _read_pairs(problems: Path, solutions: Path) -> Sequence[tuple[Solution, Problem]]:
    """Return every solution with its problem, in the order of the file.

    Raises:
        ConfigError: a line is unusable, or a solution's problem is missing or ambiguous.
    """
    by_source_id: dict[str, list[Problem]] = defaultdict(list)
    for _, problem in _read_lines(problems, build_problem):
        by_source_id[problem.source_id].append(problem)
    return [
        (solution, _find_problem(solution, by_source_id, place))
        for place, solution in _read_lines(solutions, Solution.model_validate)
    ]


def _read_lines(path: Path, convert: Callable[[Fields], T]) -> Iterator[tuple[str, T]]:
    """Yield the place of every line that is not blank, and the line converted.

    Raises:
        ConfigError: names the first line that cannot be converted.
    """
    try:
        lines = path.read_bytes().split(b"\n")  # not splitlines: U+2028 ends no line of JSON
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            yield place, convert(decode_line(line))
        except UnusableRecordError as error:
            raise ConfigError(f"{place}: {error.detail}") from None
        except ValidationError as error:
            raise ConfigError(f"{place}: {explain_validation(error, Solution)}") from None


def _find_problem(solution: Solution, by_source_id: Mapping[str, Sequence[Problem]], place: str) -> Problem:
    candidates = by_source_id.get(solution.source_id, ())
    matches = [problem for problem in candidates if solution.source in (None, problem.source)]
    if len(matches) == 1:
        return matches[0]
    fault = "several problems have" if matches else "no problem has"
    hint = f" and source {solution.source!r}" if solution.source else "; add `source` if ids repeat across sources"
    raise ConfigError(f"{place}: {fault} source_id {solution.source_id!r}{hint}")


def _in_order(verdicts: Iterable[Judged]) -> Iterator[Judged]:
    """Yield verdicts in the order of their jobs, each as soon as all earlier ones are there."""
    waiting: dict[int, Judged] = {}
    following = 0
    for verdict in verdicts:
        waiting[int(verdict.job_id)] = verdict
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def _verdict_line(solution: Solution, judged: Judged) -> str:
    """Return one line of JSON, in ASCII: a lone surrogate of a program must not break the line."""
    fields = {
        "id": solution.id,
        "source_id": solution.source_id,
        "verdict": judged.verdict,
        "flags": list(judged.flags),
        "tests": [{"test": test.test, "verdict": test.verdict, "message": test.message} for test in judged.tests],
        "cpu_ms": round(judged.cpu_ms, 3),
        "wall_ms": round(judged.wall_ms, 3),
        "peak_mib": round(judged.peak_mib, 3),
        "isolation": judged.isolation,
    }
    return json.dumps(fields) + "\n"
