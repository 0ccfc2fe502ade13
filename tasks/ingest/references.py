"""Choose the reference of each problem among the solutions that its source calls right. Pure."""

from collections.abc import Mapping, Sequence

from storage.rows import ProblemRow
from tasks.reading.problem import Problem

Candidates = Mapping[str, tuple[str, ...]]
"""By problem id, the solutions that may become its reference, in the order of the source; at least two."""


def list_candidates(problems: Mapping[str, Problem]) -> dict[str, tuple[str, ...]]:
    """Return the candidates of those problems that have several."""
    codes = {
        problem_id: tuple(dict.fromkeys(filter(None, (problem.reference, *problem.alternatives))))
        for problem_id, problem in problems.items()
    }
    return {problem_id: candidates for problem_id, candidates in codes.items() if len(candidates) > 1}


def choose_reference(candidates: Sequence[str], verdicts: Mapping[str, str | None]) -> str:
    """Return the first candidate that passed or still awaits a verdict; the first of all where every one failed.

    A candidate whose verdict is an infrastructure error counts as awaiting one: a later run judges it again.
    """
    return next((code for code in candidates if verdicts.get(code) in ("passed", "infra", None)), candidates[0])


def keep_reference(row: ProblemRow, stored: str | None, candidates: Sequence[str]) -> ProblemRow:
    """Return the row with the stored reference, where an earlier run chose that among the candidates."""
    return {**row, "reference": stored} if stored in candidates else row
