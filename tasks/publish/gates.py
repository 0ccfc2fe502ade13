"""Gates: conditions that a version must meet before it is published; part of the stage's settings."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.settings import Settings

Action = Literal["warn", "block"]


class Gate(Settings):
    """Settings of every gate."""

    action: Action = "block"
    """block: no version is published, the last one stays, the run fails. warn: the failure is reported."""


class BoundedGate(Gate):
    """Limits of one number."""

    least: float | None = None
    """Smallest value that passes; null: none."""
    most: float | None = None
    """Largest value that passes; null: none."""

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("expected least, most or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least {self.least:g} is more than most {self.most:g}: nothing would pass")
        return self


class RowsGate(BoundedGate):
    """Limits the rows of a version."""

    kind: Literal["rows"]
    """Number of rows."""
    split: Literal["all", "train", "validation", "test"] = "all"
    """Count the rows of this split only."""


class RateGate(BoundedGate):
    """Limits a share of the programs that were judged for the dataset's problems."""

    kind: Literal["rate"]
    """Share of the programs judged for the dataset's problems."""
    of: Literal["infra", "tampered", "flaky"]
    """infra: infrastructure errors. tampered: programs that tampered with the judge. flaky: verdicts that varied."""


class BalanceGate(BoundedGate):
    """Limits the shares of a column's rarest value (`least`) and of its most common one (`most`)."""

    kind: Literal["balance"]
    """Spread of a column's values."""
    column: str = Field(min_length=1)
    """A column, such as label, form or source. Where all rows have one value, the rarest share is 0."""


class ContaminationGate(Gate):
    """Requires that no row is like a benchmark's task, in a second search after cleaning."""

    kind: Literal["contamination"]
    """Rows that are like a benchmark's task."""
    unchecked: Action = "warn"
    """Action where clean.benchmarks names no benchmark, so that nothing was compared."""


class SchemaGate(Gate):
    """Requires the columns and types of the last version."""

    kind: Literal["schema"]
    """Columns and types against those of the last version."""


class DriftGate(Gate):
    """Limits the difference from the last version; a first version passes."""

    kind: Literal["drift"]
    """Difference from the last version."""
    removed: float | None = Field(None, ge=0, le=1)
    """Largest share of the last version's rows that may be missing."""
    changed: float | None = Field(None, ge=0, le=1)
    """Largest share of the last version's rows that may have changed or moved to another split."""
    added: float | None = Field(None, ge=0)
    """Largest number of new rows, as a multiple of the last version's rows."""
    sources: float | None = Field(None, ge=0, le=1)
    """Largest shift of the sources' shares: total variation distance, 0 the same, 1 nothing in common."""

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        if all(limit is None for limit in (self.removed, self.changed, self.added, self.sources)):
            raise ValueError("expected one of removed, changed, added, sources")
        return self


AnyGate = Annotated[
    RowsGate | RateGate | BalanceGate | ContaminationGate | SchemaGate | DriftGate, Field(discriminator="kind")
]
