"""Tell whether a process id still means the same process: the system uses ids again."""

import psutil


def process_start_time(pid: int) -> float | None:
    """Return when a process began, as psutil's create_time; None where it has ended."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
