"""The one thing a job is given besides its descriptors: JSON in a memory file."""

import json
import os
from typing import Any

from .zygote import PAYLOAD


def take(fd: int = PAYLOAD) -> dict[str, Any]:
    """Read and close it, so that nothing the job runs finds it open."""
    size = os.fstat(fd).st_size
    data, at = bytearray(), 0
    while at < size:
        part = os.pread(fd, size - at, at)
        if not part:
            break
        data += part
        at += len(part)
    os.close(fd)
    payload: dict[str, Any] = json.loads(data)
    return payload
