"""Content addresses: an id is a hash of what went in, never of where or when it ran."""

import hashlib
import json
from typing import Any

ID_BYTES = 12  # blake2b-96, as 24 hex digits: a collision among 10^10 rows has probability below 10^-9


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks; raises ValueError on NaN and TypeError on what JSON can't carry."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_id(kind: str, **parts: Any) -> str:
    """The address of one thing made from `parts`; `kind` keeps equal parts of different kinds apart."""
    text = canonical({"kind": kind, **parts}).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=ID_BYTES).hexdigest()


def bucket_of(problem_id: str, buckets: int) -> int:
    """The partition of everything about one problem; ids are uniform, so their head is a fair hash."""
    return int(problem_id[:8], 16) % buckets
