"""Read problems and solutions from files of JSON lines for `patchmill judge`, and write its verdicts as lines."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from judge.protocol import Judged
from storage.errors import ConfigError
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


def read_pairs(problems: Path, solutions: Path, warn: Callable[[str], None]) -> Sequence[tuple[Solution, Problem]]:
    """Return every solution with its problem, in the order of the file.

    NaN and infinities are read wherever they stand, as Python writes them. Among the values of a call they are judged
    as they are: NaN equals an expected NaN. `warn` is given a line for each problem that holds one.

    Raises:
        ConfigError: a line is unusable, or a solution's problem is missing or ambiguous.
    """
    by_source_id: dict[str, list[Problem]] = defaultdict(list)
    for place, (problem, finite) in _read_lines(problems, _build_problem):
        by_source_id[problem.source_id].append(problem)
        if not finite:
            warn(f"{place}: holds NaN or an infinity: judged as it stands, but a lake would drop this problem")
    return [
        (solution, _find_problem(solution, by_source_id, place))
        for place, solution in _read_lines(solutions, Solution.model_validate)
    ]


def _build_problem(fields: Fields) -> tuple[Problem, bool]:
    """Return a problem, and whether all its numbers are finite; raises UnusableRecordError as build_problem does."""
    replaced = _replace_not_finite(fields)
    assert isinstance(replaced, dict)
    problem = build_problem(replaced)
    finite = replaced == fields  # NaN equals nothing, an infinity no zero
    return (problem if finite else Problem.model_validate(fields)), finite


def _replace_not_finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else 0.0
    if isinstance(value, dict):
        return {name: _replace_not_finite(item) for name, item in value.items()}
    return [_replace_not_finite(item) for item in value] if isinstance(value, list) else value


def _read_lines(path: Path, convert: Callable[[Fields], T]) -> Iterator[tuple[str, T]]:
    """Yield the place of every line that is not blank, and the line converted.

    Raises:
        ConfigError: names the first line that cannot be converted.
    """
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")  # not splitlines: U+2028 ends no line
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            yield place, convert(decode_line(line, allow_nan=True))
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


def write_verdict(solution: Solution, judged: Judged) -> str:
    """Return one line of JSON, in ASCII: a lone surrogate of a program must not break the line."""
    fields = {
        "id": solution.id,
        "source_id": solution.source_id,
        "verdict": judged.verdict,
        "flags": list(judged.flags),
        "isolation": judged.isolation,
        "feedback": judged.feedback,
        "tests": [{"test": test.test, "verdict": test.verdict, "message": test.message} for test in judged.tests],
        "exception_type": judged.exception_type,
        "exception_message": judged.exception_message,
        "signal": judged.signal,
        "cpu_ms": round(judged.cpu_ms, 3),
        "wall_ms": round(judged.wall_ms, 3),
        "peak_mib": round(judged.peak_mib, 3),
        "evidence": judged.evidence,
    }
    return json.dumps(fields) + "\n"
