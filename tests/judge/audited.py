"""Audit bubblewrap in a process of its own: `python -m tests.judge.audited all|sample` prints one line of JSON."""

import json
import os
import sys

from judge.attacks import ATTACKS, Attack, Group
from judge.audit import audit
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Limits

ATTACKS_PER_GROUP = 3
HONEST = Job("1", "def f(): return 1", "", "f", Asserts(asserts=("assert f() == 1",)), Limits())


def sample_attacks() -> tuple[Attack, ...]:
    """Return a few programs of every group: the first, and others as far apart as can be."""
    groups: dict[Group, list[Attack]] = {}
    for attack in ATTACKS:
        groups.setdefault(attack.group, []).append(attack)
    return tuple(
        attack
        for group in groups.values()
        for attack in group[:: max(1, len(group) // ATTACKS_PER_GROUP)][:ATTACKS_PER_GROUP]
    )


def main(extent: str) -> None:
    """Print how many programs were audited, those with a wrong result, the kind of cgroup and the user."""
    sandbox = open_sandbox(SandboxSettings(backend="bubblewrap", jobs=2))
    try:
        results = list(audit(sandbox, ATTACKS if extent == "all" else sample_attacks(), at_once=2))
        (honest,) = sandbox.judge([HONEST])
    finally:
        sandbox.close()
    wrong = [
        f"{result.attack.name}: {result.verdict} {result.flags} {result.left_behind} {result.feedback}"
        for result in results
        if not result.ok
    ]
    report = {
        "programs": len(results), "wrong": wrong, "cgroup": honest.evidence["cgroup"], "user": os.geteuid()
    }  # fmt: skip
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1])
