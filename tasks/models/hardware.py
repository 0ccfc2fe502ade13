"""What this machine offers to a model server."""

import os
import shutil
import subprocess
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def gpus() -> tuple[str, ...]:
    """One line for each NVIDIA GPU that the driver lists; empty without a driver."""
    if shutil.which("nvidia-smi") is None:
        return ()
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(line.strip() for line in listed.stdout.splitlines() if line.startswith("GPU "))


def cores(at_most: int | None = None) -> tuple[int, ...]:
    """Numbers of the CPU cores this process may use, cut to a container's CPU quota and to `at_most`."""
    mine = sorted(os.sched_getaffinity(0))
    limits = [len(mine), *(limit for limit in (_quota(), at_most) if limit is not None)]
    return tuple(mine[: max(1, min(limits))])


def _quota() -> int | None:
    """Whole CPUs of the cgroup's quota, version 2 or 1; None without one."""
    try:
        if (CGROUP / "cpu.max").exists():
            quota, period = (CGROUP / "cpu.max").read_text().split()
        else:
            quota = (CGROUP / "cpu/cpu.cfs_quota_us").read_text()
            period = (CGROUP / "cpu/cpu.cfs_period_us").read_text()
        return int(quota) // int(period) if int(quota) > 0 else None
    except (OSError, ValueError):  # no cgroup to be seen, or "max"
        return None
