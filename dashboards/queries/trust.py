"""Queries about what was left out, and about how far tests and references can be trusted."""

from typing import TypedDict

from dashboards.queries import PageQuery


class DropCount(TypedDict):
    """Rows that one stage left out for one reason."""

    stage: str
    reason: str
    n: int
    problems: int


class DropExample(TypedDict):
    """A row that was left out, with its problem where it has one."""

    row_id: str
    bucket: int
    detail: str | None
    source: str | None
    source_id: str | None
    problem_id: str | None


class DroppedAttempt(TypedDict):
    """The program that was left out."""

    attempt_id: str
    kind: str
    model: str
    code: str | None
    no_code_reason: str | None
    completion: str
    finish_reason: str


class SourceStrength(TypedDict):
    """Mutants of one source's references, and how many of them the tests kill."""

    source: str
    problems: int
    measured: int
    mutants: int
    killed: int
    survived: int
    mean_kill_rate: float | None
    below_half: int


class StrengthBin(TypedDict):
    """Problems whose kill rate lies in one twentieth."""

    source: str
    bin: int
    problems: int


class OperatorCount(TypedDict):
    """Mutants of one kind of change."""

    operator: str
    killed: int
    survived: int


class ProblemStrength(TypedDict):
    """One problem's mutants, and how many of them its tests kill."""

    source: str
    source_id: str
    mutants: int
    killed: int
    survived: int
    kill_rate: float
    problem_id: str
    bucket: int


class SurvivingMutant(TypedDict):
    """A mutant that passes all tests of its problem."""

    mutant_id: str
    operator: str
    line: int
    code: str
    verdict: str | None
    reference: str | None


DROPS = PageQuery("drops", DropCount)
DROP_EXAMPLES = PageQuery("drop_examples", DropExample)
DROPPED_ATTEMPT = PageQuery("dropped_attempt", DroppedAttempt)
STRENGTH_SOURCES = PageQuery("strength_sources", SourceStrength)
STRENGTH_BINS = PageQuery("strength_bins", StrengthBin)
OPERATORS = PageQuery("operators", OperatorCount)
WEAKEST = PageQuery("weakest", ProblemStrength)
SURVIVORS = PageQuery("survivors", SurvivingMutant)
FAILED_REFERENCES = PageQuery("failed_references", dict[str, object])
