"""Content addresses: an id is a hash of what a row was made from, never of where or when."""

import hashlib
import json

ID_BYTES = 12  # blake2b-96, as 24 hex digits: a collision among 10^10 rows has probability below 10^-9


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no blanks.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: JSON has no form for a value.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_id(kind: str, **parts: object) -> str:
    """Return the id of what is made from `parts`; `kind` keeps equal parts of different kinds apart.

    Raises:
        ValueError, TypeError: as for `canonical_json`.
    """
    text = canonical_json({"kind": kind, **parts}).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=ID_BYTES).hexdigest()


def bucket_of(problem_id: str, buckets: int) -> int:
    """Return the bucket of everything that belongs to a problem; ids are uniform, so buckets have similar sizes."""
    return int(problem_id[:8], 16) % buckets
