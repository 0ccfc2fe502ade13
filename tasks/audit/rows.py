"""What the lake keeps of an audit: one row per attack, by the sandbox and the machine that it was tried on."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from judge.attacks import ATTACKS, Attack, Group
from judge.audit import AuditRow
from judge.errors import AuditError
from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION
from storage.ids import content_id

SAMPLE_OF_GROUP = 3


def environment(settings: SandboxSettings) -> str:
    """What a sandbox is made of besides its backend: where any of it changes, it is audited anew."""
    user = "root" if os.geteuid() == 0 else "user"
    parts = [platform.system(), platform.release(), platform.machine(), "Python " + platform.python_version(), user]
    parts += [f"image {settings.image}"] if settings.image else []
    parts += [f"packages {settings.packages}"] if settings.packages else []
    return ", ".join(parts)


def chosen(extent: str) -> tuple[Attack, ...]:
    """The attacks of an extent: `full` for all, `sample` for the first few of every class."""
    if extent == "full":
        return ATTACKS
    by_group: dict[Group, list[Attack]] = {}
    for attack in ATTACKS:
        by_group.setdefault(attack.group, []).append(attack)
    return tuple(attack for group in by_group.values() for attack in group[:SAMPLE_OF_GROUP])


def audit_id(attack: Attack, backend: str, where: str) -> str:
    """Address of one attack on one sandbox."""
    return content_id(
        "audit", backend=backend, environment=where, judge_version=JUDGE_VERSION, attack=attack.name, code=attack.code,
        tests=attack.tests.model_dump(mode="json"), limits=attack.limits.model_dump(mode="json"),
    )  # fmt: skip


def kept(row: AuditRow, where: str) -> dict[str, Any]:
    """The row of table audits."""
    return {
        "audit_id": audit_id(row.attack, row.backend, where),
        "bucket": 0,
        "backend": row.backend,
        "judge_version": row.judge_version,
        "environment": where,
        "attack": row.attack.name,
        "attack_class": row.group,
        "expected": list(row.expected),
        "got": row.got,
        "flags": list(row.flags),
        "ok": row.ok,
        "left_behind": list(row.left),
        "feedback": clean(row.feedback),
        "wall_ms": row.wall_ms,
        "created_at": datetime.now(UTC),
    }


def clean(text: str) -> str:
    """Programs answer lone surrogates, which neither a terminal nor a table takes."""
    return text.encode("utf-8", "backslashreplace").decode()


def refuse(wrong: Sequence[AuditRow], total: int, backend: str) -> AuditError:
    """Why nothing is judged."""
    shown = "; ".join(f"{row.attack.name}: {', '.join((row.got, *row.left))}" for row in wrong[:3])
    return AuditError(
        f"{backend}: {len(wrong)} of {total} programs of the audit got a wrong verdict or left something ({shown}), "
        f"so nothing is judged; `patchmill audit --backend {backend}` shows them all"
    )
