"""List the GPUs and CPU cores that this machine offers to a model server."""

import os
import shutil
import subprocess
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def list_gpus() -> tuple[str, ...]:
    """Return one line for each NVIDIA GPU that the driver lists; empty without a driver."""
    if shutil.which("nvidia-smi") is None:
        return ()
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(line.strip() for line in listing.stdout.splitlines() if line.startswith("GPU "))


def list_cores(max_cores: int | None = None, cgroup: Path = CGROUP) -> tuple[int, ...]:
    """Return the numbers of the CPU cores that this process may use, ascending; at least one.

    Args:
        max_cores: the most cores to return; None for no bound.
        cgroup: root of the cgroup file system, whose CPU quota bounds the cores of a container.
    """
    cores = sorted(os.sched_getaffinity(0))
    limits = [len(cores), *(limit for limit in (_read_quota(cgroup), max_cores) if limit is not None)]
    return tuple(cores[: max(1, min(limits))])


def _read_quota(cgroup: Path) -> int | None:
    """Return the whole CPUs of the cgroup's quota, version 2 or 1; None without a quota."""
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text()
        return int(quota) // int(period) if int(quota) > 0 else None
    except (OSError, ValueError):  # no readable cgroup, or "max"
        return None
