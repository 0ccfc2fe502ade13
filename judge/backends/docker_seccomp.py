"""The seccomp profile that Docker loads for a container, derived from the fork server's own table.

It holds before the fork server has loaded its filter, and for what Docker itself starts in the container. The calls
that make namespaces and mounts stay open to the fork server; each job loses them by its own filter (inside/seccomp.py).
"""

import json

from judge.inside import seccomp

ARCHITECTURES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}  # 32-bit calls are killed


Argument = dict[str, int | str]
"""Condition on one argument of a system call."""


def profile() -> str:
    """Return the profile as JSON, for `--security-opt seccomp=`."""
    rules = [
        _deny(sorted(seccomp.STATIC)),
        _deny(["clone3"], seccomp.ENOSYS),
        _deny(["socket"], args=[{"index": 0, "value": seccomp.AF_UNIX, "op": "SCMP_CMP_NE"}]),
    ]
    bits = (1 << n for n in range(32))
    for bit in (bit for bit in bits if bit & seccomp.NAMESPACES):
        masked: Argument = {"index": 0, "value": bit, "valueTwo": bit, "op": "SCMP_CMP_MASKED_EQ"}
        rules.append(_deny(["clone"], args=[masked]))
    return json.dumps(
        {
            "defaultAction": "SCMP_ACT_ALLOW",
            "architectures": list(ARCHITECTURES.values()),
            "syscalls": rules,
        }
    )


def _deny(names: list[str], errno: int = seccomp.EPERM, args: list[Argument] | None = None) -> dict[str, object]:
    return {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": errno, "args": args or []}
