"""The audit in a process of its own: `python -m tests.judge.audited all|sample` prints one line of JSON."""

import json
import os
import sys

from judge.attacks import ATTACKS, Attack, Group
from judge.audit import audit
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Limits

OF_GROUP = 3
HONEST = Job("1", "def f(): return 1", "", "f", Asserts(kind="asserts", asserts=("assert f() == 1",)), Limits())


def sample() -> tuple[Attack, ...]:
    """A few programs of every class: the first, and others as far apart as can be."""
    groups: dict[Group, list[Attack]] = {}
    for attack in ATTACKS:
        groups.setdefault(attack.group, []).append(attack)
    return tuple(attack for group in groups.values() for attack in group[:: max(1, len(group) // OF_GROUP)][:OF_GROUP])


def main(extent: str) -> None:
    sandbox = open_sandbox(SandboxSettings(backend="bubblewrap", jobs=2))
    try:
        rows = list(audit(sandbox, ATTACKS if extent == "all" else sample(), at_once=2))
        (known,) = sandbox.judge([HONEST])
    finally:
        sandbox.close()
    wrong = [f"{row.attack.name}: {row.verdict} {row.flags} {row.left_behind} {row.feedback}" for row in rows if not row.ok]
    told = {"programs": len(rows), "wrong": wrong, "cgroup": known.evidence["cgroup"], "user": os.geteuid()}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
