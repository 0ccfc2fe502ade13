"""What an ingested row becomes when no problem can be made of it."""

from dataclasses import dataclass
from typing import Literal

from storage.ids import content_id
from tasks.reading.problem import Problem

Reason = Literal[
    "not_utf8", "not_json", "not_an_object", "missing_field", "unknown_field", "unknown_kind", "no_tests",
    "bad_value", "bad_tests", "bad_text", "not_finite", "no_entry_point", "duplicate",
]  # fmt: skip
"""`bad_tests`: they are there and can decide nothing (don't parse, assert nothing); `bad_text`: no UTF-8 holds it;
`not_finite`: NaN or an infinity, which no JSON carries."""

RAW_CHARS = 4000
"""How much of a dropped row is kept: enough to find it, never a whole file."""


class UnusableError(Exception):
    """Raised where a row is converted, caught at the row loop, never seen outside this stage."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Dropped:
    """A row that was left out, where it stood and why."""

    source: str
    where: str
    """File name and line, folder, or row number; never an absolute path, so that it is the same on every machine."""
    reason: Reason
    detail: str
    raw: str
    """The row as it stands there, at most RAW_CHARS characters; bytes that are not UTF-8 as `\\xNN`."""
    source_id: str | None = None
    """Its id, where the row could be read that far."""

    @property
    def row_id(self) -> str:
        """Address of the row: the same row dropped again for the same reason has the same one."""
        return content_id("dropped_row", source=self.source, where=self.where, reason=self.reason, raw=self.raw)


Found = tuple[str, Problem | Dropped]
"""Where a row stands, and what became of it."""


def dropped(source: str, where: str, bad: UnusableError, raw: str | bytes, source_id: str | None = None) -> Dropped:
    """Give a conversion's failure its place."""
    if isinstance(raw, bytes):
        raw = raw[: 4 * RAW_CHARS].decode("utf-8", "backslashreplace")
    text = raw[:RAW_CHARS].encode("utf-8", "backslashreplace").decode("utf-8")
    return Dropped(source, where, bad.reason, bad.detail, text, source_id)
