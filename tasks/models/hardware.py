"""List the GPUs and CPU cores that this machine offers to a model server."""

import os
import shutil
import subprocess
from pathlib import Path

from judge.cpus import CGROUPS, OWN_CGROUPS, available_cpus


def list_gpus() -> tuple[str, ...]:
    """Return one line for each NVIDIA GPU that the driver lists; empty without a driver."""
    if shutil.which("nvidia-smi") is None:
        return ()
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(line.strip() for line in listing.stdout.splitlines() if line.startswith("GPU "))


def list_cores(
    max_cores: int | None = None, cgroups: Path = CGROUPS, own_cgroups: Path = OWN_CGROUPS
) -> tuple[int, ...]:
    """Return the numbers of the CPU cores that this process may use, ascending; at least one.

    Args:
        max_cores: the most cores to return; None for no bound.
        cgroups, own_cgroups: as of judge.cpus.available_cpus, which bounds their number.
    """
    cores = sorted(os.sched_getaffinity(0))
    count = available_cpus(cgroups, own_cgroups)
    return tuple(cores[: count if max_cores is None else max(1, min(count, max_cores))])
