"""The rows of the `pending_*` macros, each with the columns of its problem (macro `problems_of`)."""

from typing import TypedDict


class ProblemText(TypedDict):
    """What prompts and the judge need of a problem."""

    problem_id: str
    bucket: int
    prompt: str
    entry_point: str | None
    context: str
    tests: str


class PendingGenerate(ProblemText):
    """A problem that lacks first attempts."""

    present: list[int]
    missing: int


class PendingExecute(ProblemText):
    """A program that lacks a verdict."""

    attempt_id: str
    code: str | None
    original_cpu_ms: float | None
    original_wall_ms: float | None
    is_reference: bool
    calibration: str | None
    replaces: bool
    missing: int


class PendingWriteTests(ProblemText):
    """A problem that lacks answers with tests."""

    present: list[int]
    missing: int


class PendingDiagnose(ProblemText):
    """A wrong program that lacks explanations."""

    attempt_id: str
    round: int
    code: str
    feedback: str
    present: list[int]
    missing: int


class PendingRepair(ProblemText):
    """A wrong program, with its explanation where the chain has one, that lacks repairs."""

    attempt_id: str
    round: int
    code: str
    feedback: str
    diagnosis_id: str | None
    explanation: str | None
    completion: str | None
    finish_reason: str | None
    diagnosis_index: int | None
    present: list[int]
    missing: int


class PendingInject(ProblemText):
    """A right program that lacks injected bugs."""

    attempt_id: str
    code: str
    present: list[int]
    missing: int


class PendingMatrix(ProblemText):
    """A program that has not been run on some generated tests."""

    attempt_id: str
    code: str
    untried_tests: list[str]
    broken_suites: list[str]
    missing: int


class MatrixProgram(TypedDict):
    """A program of a matrix, with the number of the problem's own tests that it passes; null where there is none."""

    attempt_id: str
    passed: int | None
    total: int | None


class PendingScore(ProblemText):
    """A problem whose matrix lacks scores."""

    matrix_id: str
    programs: list[MatrixProgram]
    missing: int


class TrustedTest(TypedDict):
    """A test that the best program of a problem passes."""

    test_id: str
    test: str


class CorrectProgram(TypedDict):
    """A program that passes all trusted tests of its problem."""

    attempt_id: str
    code: str


class PendingTiming(ProblemText):
    """A problem whose programs lack timings."""

    matrix_id: str
    trusted_tests: list[TrustedTest]
    programs: list[CorrectProgram]
    missing: int


class PendingMutation(ProblemText):
    """A reference that lacks verdicts on its mutants."""

    attempt_id: str
    code: str
    cpu_ms: float
    wall_ms: float
    calibration: str | None
    present: list[str]
    broken: list[str]
    missing: int
