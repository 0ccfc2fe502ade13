"""The record of an input that yields no problem, with the reason."""

from dataclasses import dataclass
from typing import Literal

from storage.ids import content_id
from tasks.reading.problem import Problem

Reason = Literal[
    "not_utf8", "not_json", "not_an_object", "missing_field", "unknown_field", "unknown_kind", "no_tests",
    "bad_value", "bad_tests", "bad_text", "not_finite", "no_entry_point", "duplicate", "other_language",
    "unsupported_tests",
]  # fmt: skip
"""`bad_tests`: tests that can decide nothing, because they don't parse or assert nothing; `bad_text`: text that UTF-8
cannot encode; `not_finite`: NaN or an infinity, which JSON cannot carry; `other_language`: a task in another language
than Python; `unsupported_tests`: tests that need what the judge has not, such as files or pytest's own fixtures."""

RAW_CHARS = 4000
"""Characters kept of a dropped record: enough to recognise it, never a whole file."""


class UnusableRecordError(Exception):
    """A record yields no problem; raised where it is converted and caught at the row loop of its source."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True)
class DroppedRecord:
    """One input that was left out: a line, a row or a folder, with its place and the reason."""

    source: str
    """Name of the source."""
    where: str
    """File name and line, folder, or row number; never an absolute path, so that it is the same on every machine."""
    reason: Reason
    detail: str
    """The particulars, for people."""
    raw: str
    """The input as it stands there, at most RAW_CHARS characters; bytes that are not UTF-8 as `\\xNN`."""
    source_id: str | None = None
    """The problem's name in its source; None where it could not be read."""

    @property
    def row_id(self) -> str:
        """Content address: the same input dropped again for the same reason has the same address."""
        return content_id("dropped_row", source=self.source, where=self.where, reason=self.reason, raw=self.raw)


SourceRecord = tuple[str, Problem | DroppedRecord]
"""The place of an input, and the problem or drop that it became."""


def drop_record(
    source: str, where: str, error: UnusableRecordError, raw: str | bytes, source_id: str | None = None
) -> DroppedRecord:
    """Return the record of an input whose conversion failed; `raw` is cut and made printable."""
    if isinstance(raw, bytes):
        raw = raw[: 4 * RAW_CHARS].decode("utf-8", "backslashreplace")
    text = raw[:RAW_CHARS].encode("utf-8", "backslashreplace").decode("utf-8")
    return DroppedRecord(source, where, error.reason, error.detail, text, source_id)
