"""Whether a process is still the one that was meant: process ids are used again."""

import psutil


def started(pid: int) -> float | None:
    """When this process began, as psutil's create_time; None if it is gone."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
