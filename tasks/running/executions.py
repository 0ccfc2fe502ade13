"""The row that a verdict becomes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from prefect.runtime import flow_run

from judge.protocol import JUDGE_VERSION, Judged, Limits
from storage.ids import canonical


def execution(
    row: Mapping[str, Any], judged: Judged, suite_id: str, suite: str, conditions_id: str, backend: str, limits: Limits
) -> dict[str, Any]:
    """The row of one verdict."""
    return {
        "attempt_id": judged.job_id,
        "suite_id": suite_id,
        "judge_version": JUDGE_VERSION,
        "problem_id": row["problem_id"],
        "bucket": row["bucket"],
        "suite": suite,
        "conditions_id": conditions_id,
        "verdict": judged.verdict,
        "flags": list(judged.flags),
        "passed_tests": sum(test.verdict == "passed" for test in judged.tests),
        "total_tests": len(judged.tests),
        "tests": [{k: _clean(getattr(t, k)) for k in ("test", "verdict", "message")} for t in judged.tests],
        "exception_type": _clean(judged.exception_type),
        "exception_message": _clean(judged.exception_message),
        "feedback": _clean(judged.feedback),
        "cpu_ms": judged.cpu_ms,
        "wall_ms": judged.wall_ms,
        "peak_mib": judged.peak_mib,
        "signal": judged.signal,
        "stdout_tail": _clean(judged.stdout_tail),
        "stderr_tail": _clean(judged.stderr_tail),
        "isolation": judged.isolation,
        "backend": backend,
        "limits": canonical(limits.model_dump(mode="json")),
        "evidence": canonical(judged.evidence),
        "run_id": flow_run.id or "",
        "created_at": datetime.now(UTC),
    }


def _clean(text: Any) -> Any:
    """Programs print lone surrogates; Parquet holds UTF-8 alone."""
    return text.encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else text
