"""Count the CPUs that this process may use: a container's quota is often lower than the machine's cores."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def available_cpus(cgroups: Path = CGROUPS, own_cgroups: Path = OWN_CGROUPS) -> int:
    """Return how many CPUs this process may use: its affinity, cut to its whole CPUs of quota, and at least 1.

    Args:
        cgroups: where the cgroup file system is mounted, version 1 or 2.
        own_cgroups: the kernel's list of the cgroups that this process is in.
    """
    quota = cpu_quota(cgroups, own_cgroups)
    affinity = len(os.sched_getaffinity(0))
    return affinity if quota is None else max(1, min(affinity, math.floor(quota)))


def cpu_quota(cgroups: Path = CGROUPS, own_cgroups: Path = OWN_CGROUPS) -> float | None:
    """Return the lowest CPU quota, in CPUs, of this process's cgroups and their ancestors; None without a quota."""
    try:
        lines = own_cgroups.read_text().splitlines()
    except OSError:
        return None
    quotas: list[float] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            quotas += (quota for folder in _ancestry(cgroups, path) if (quota := _quota_v2(folder)) is not None)
        elif "cpu" in controllers.split(","):
            for hierarchy in {cgroups / "cpu", cgroups / controllers}:
                quotas += (quota for folder in _ancestry(hierarchy, path) if (quota := _quota_v1(folder)) is not None)
    return min(quotas, default=None)


def _ancestry(hierarchy: Path, path: str) -> Iterator[Path]:
    """Yield the folder of a cgroup and of each ancestor, up to the hierarchy's root.

    In a container the path may be the host's, so that only the root is mounted: folders that are missing hold no quota.
    """
    folder = hierarchy / path.lstrip("/")
    while folder != hierarchy:
        yield folder
        folder = folder.parent
    yield hierarchy


def _quota_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 else None
