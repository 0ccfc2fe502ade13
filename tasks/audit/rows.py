"""Choose the attacks of an audit, and build the rows of their verdicts. A row belongs to one sandbox on one machine."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime

from judge.attacks import ATTACKS, Attack, Group
from judge.audit import AttackResult
from judge.errors import AuditError
from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION
from storage.ids import content_id
from storage.rows import AuditRow

ATTACKS_PER_GROUP = 3
"""Attacks of every class in a sample."""


def describe_environment(settings: SandboxSettings) -> str:
    """Describe everything besides the backend that a sandbox is made of; a change of it calls for a new audit."""
    user = "root" if os.geteuid() == 0 else "user"
    parts = [platform.system(), platform.release(), platform.machine(), "Python " + platform.python_version(), user]
    parts += [f"image {settings.image}"] if settings.image else []
    parts += [f"packages {settings.packages}"] if settings.packages else []
    return ", ".join(parts)


def select_attacks(extent: str) -> tuple[Attack, ...]:
    """Return all attacks for `full`, and the first few of every class for `sample`, in the order of the table."""
    if extent == "full":
        return ATTACKS
    by_group: dict[Group, list[Attack]] = {}
    for attack in ATTACKS:
        by_group.setdefault(attack.group, []).append(attack)
    return tuple(attack for group in by_group.values() for attack in group[:ATTACKS_PER_GROUP])


def audit_id(attack: Attack, backend: str, environment: str) -> str:
    """Return the content address of one attack on one sandbox."""
    return content_id(
        "audit", backend=backend, environment=environment, judge_version=JUDGE_VERSION, attack=attack.name,
        code=attack.code, tests=attack.tests.model_dump(mode="json"), limits=attack.limits.model_dump(mode="json"),
    )  # fmt: skip


def audit_row(result: AttackResult, environment: str, created_at: datetime) -> AuditRow:
    """Return the row of one attack's verdict."""
    return {
        "audit_id": audit_id(result.attack, result.backend, environment),
        "bucket": 0,
        "backend": result.backend,
        "judge_version": result.judge_version,
        "environment": environment,
        "attack": result.attack.name,
        "attack_class": result.group,
        "expected": list(result.expected),
        "got": result.verdict,
        "flags": list(result.flags),
        "ok": result.ok,
        "left_behind": list(result.left_behind),
        "feedback": escape_surrogates(result.feedback),
        "wall_ms": result.wall_ms,
        "created_at": created_at,
    }


def escape_surrogates(text: str) -> str:
    """Write lone surrogates as `\\udNNN`: programs answer them, and neither a terminal nor a table can hold them."""
    return text.encode("utf-8", "backslashreplace").decode()


def explain_failure(wrong: Sequence[AttackResult], total: int, backend: str) -> AuditError:
    """Return the error of an audit of `total` programs, some of which got a wrong verdict."""
    examples = "; ".join(
        f"{result.attack.name}: {', '.join((result.verdict, *result.left_behind))}" for result in wrong[:3]
    )
    return AuditError(
        f"{backend}: {len(wrong)} of {total} programs of the audit got a wrong verdict or left something ({examples}), "
        f"so nothing is judged; `patchmill audit --backend {backend}` shows them all",
        backend=backend,
        results=wrong,
    )
