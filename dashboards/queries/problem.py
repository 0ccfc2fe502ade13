"""Queries about one problem."""

from typing import TypedDict

from dashboards.queries import PageQuery
from storage.rows import ProblemRow, TestResultCell


class ProblemMatch(TypedDict):
    """A problem that a search found, with counts of its programs."""

    problem_id: str
    bucket: int
    source: str
    source_id: str
    prompt: str
    first_attempts: int
    right_at_once: int
    repairs: int
    verified_repairs: int


class JudgedAttempt(TypedDict):
    """A program with its newest verdict on the problem's own tests."""

    attempt_id: str
    kind: str
    round: int
    parent_attempt_id: str | None
    diagnosis_id: str | None
    model: str
    template: str
    sample_index: int
    code: str | None
    no_code_reason: str | None
    completion: str | None
    verdict: str
    flags: list[str]
    passed_tests: int | None
    total_tests: int | None
    feedback: str | None
    cpu_ms: float | None
    peak_mib: float | None
    failed_tests: list[TestResultCell] | None


class ProblemDiagnosis(TypedDict):
    """An explanation of one wrong program, or why there is none."""

    diagnosis_id: str
    attempt_id: str
    model: str
    sample_index: int
    explanation: str | None
    no_explanation_reason: str | None


class GeneratedTest(TypedDict):
    """The text of a test that a model wrote, with its newest credibility."""

    test: str
    written: int
    credibility: float | None
    passed: int | None
    programs: int | None


class CellVerdict(TypedDict):
    """The verdict of one program on one test."""

    attempt_id: str
    test: str
    verdict: str


class ProgramScore(TypedDict):
    """One scorer's value for one program."""

    attempt_id: str
    scorer: str
    value: float


PROBLEMS = PageQuery("problems", ProblemMatch)
PROBLEM = PageQuery("problem", ProblemRow)
PROBLEM_ATTEMPTS = PageQuery("problem_attempts", JudgedAttempt)
PROBLEM_DIAGNOSES = PageQuery("problem_diagnoses", ProblemDiagnosis)
PROBLEM_TESTS = PageQuery("problem_tests", GeneratedTest)
PROBLEM_NO_TESTS = PageQuery("problem_no_tests", dict[str, object])
PROBLEM_MATRIX = PageQuery("problem_matrix", CellVerdict)
PROBLEM_SCORES = PageQuery("problem_scores", ProgramScore)
