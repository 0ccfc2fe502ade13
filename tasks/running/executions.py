"""The row of a verdict."""

from datetime import datetime

from prefect.runtime import flow_run

from judge.protocol import JUDGE_VERSION, Judged, Limits
from storage.ids import canonical_json
from storage.pending import ProblemText
from storage.rows import ExecutionRow


def execution_row(
    program: ProblemText,
    judged: Judged,
    suite_id: str,
    suite: str,
    conditions_id: str,
    backend: str,
    limits: Limits,
    created_at: datetime,
) -> ExecutionRow:
    """Return the row of one verdict.

    Args:
        program: the pending row that was judged.
        suite: `given` or `generated`.
        backend: name of the sandbox that judged.
    """
    return {
        "attempt_id": judged.job_id,
        "suite_id": suite_id,
        "judge_version": JUDGE_VERSION,
        "problem_id": program["problem_id"],
        "bucket": program["bucket"],
        "suite": suite,
        "conditions_id": conditions_id,
        "verdict": judged.verdict,
        "flags": list(judged.flags),
        "passed_tests": sum(test.verdict == "passed" for test in judged.tests),
        "total_tests": len(judged.tests),
        "tests": [
            {"test": _utf8(test.test), "verdict": test.verdict, "message": _utf8(test.message)} for test in judged.tests
        ],
        "exception_type": None if judged.exception_type is None else _utf8(judged.exception_type),
        "exception_message": None if judged.exception_message is None else _utf8(judged.exception_message),
        "feedback": _utf8(judged.feedback),
        "cpu_ms": judged.cpu_ms,
        "wall_ms": judged.wall_ms,
        "peak_mib": judged.peak_mib,
        "signal": judged.signal,
        "stdout_tail": _utf8(judged.stdout_tail),
        "stderr_tail": _utf8(judged.stderr_tail),
        "isolation": judged.isolation,
        "backend": backend,
        "limits": canonical_json(limits.model_dump(mode="json")),
        "evidence": canonical_json(_evidence(judged)),
        "run_id": flow_run.id or "",
        "created_at": created_at,
    }


def _evidence(judged: Judged) -> dict[str, object]:
    """Return the evidence; that of a reference says how its problem's programs are judged."""
    if judged.calibration is None:
        return dict(judged.evidence)
    return {**judged.evidence, "calibration": judged.calibration.model_dump(mode="json")}


def _utf8(text: str) -> str:
    """Escape lone surrogates, which programs print and Parquet cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode()
