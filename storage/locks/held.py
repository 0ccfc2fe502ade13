"""The leases that this process holds, so that a process which is asked to end releases them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from storage.errors import LakeError

_releases: dict[str, Callable[[], object]] = {}
"""How to release each lease, by its token."""


@contextmanager
def released_after(token: str, release: Callable[[], object]) -> Iterator[None]:
    """Call `release` after the body, unless `release_all` has done so."""
    _releases[token] = release
    try:
        yield
    finally:
        if _releases.pop(token, None) is not None:
            release()


def release_all() -> None:
    """Release every lease of this process, just before it ends. What cannot be released expires."""
    while _releases:
        _, release = _releases.popitem()
        with suppress(LakeError, OSError):
            release()
