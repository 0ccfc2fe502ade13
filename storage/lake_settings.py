"""The settings of a lake."""

import re

from pydantic import Field, field_validator

from storage.settings import Settings


class LakeSettings(Settings):
    """Location of a lake, its partitions, and how runs share it.

    >>> from patchmill import LakeSettings
    >>> LakeSettings(path="s3://bucket/lake").buckets
    16
    """

    path: str = Field(".patchmill/lake", min_length=1, pattern=r"^[^*?\[\]{}'%]+$")
    """Folder of the lake, or s3://BUCKET/PATH; created where it is missing. The characters * ? [ ] { } ' % have a
    meaning in DuckDB or Delta Lake and are refused."""
    buckets: int = Field(16, ge=1, le=4096)
    """Number of partitions of a new lake: the unit of parallel work. An existing lake keeps its own number."""
    memory_limit: str = Field("800MB", pattern=r"^\d+(\.\d+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$")
    """Memory of one DuckDB connection; beyond it, queries spill to disk."""
    commit_rows: int = Field(64, ge=1)
    """Answers or verdicts per commit. `kill -9` loses at most what is not committed, see also commit_s."""
    commit_s: float = Field(10.0, gt=0)
    """Seconds after which a smaller batch is committed."""
    wait_s: float = Field(0.0, ge=0)
    """Seconds for which a run waits until another run leaves the lake."""
    lease_s: float = Field(60.0, ge=1)
    """Seconds without a renewal after which a run on another machine may be taken over; on the same machine, at
    once."""
    shared: bool = False
    """Let several runs work on the lake at once, each on buckets of its own; each ends when all buckets are done."""

    @field_validator("path")
    @classmethod
    def _has_known_scheme(cls, path: str) -> str:
        if re.match(r"\w+:/", path) and not re.fullmatch(r"s3://[^/]+(/[^/]+)*/?", path):
            raise ValueError("expected a folder or s3://BUCKET/PATH")
        return path
