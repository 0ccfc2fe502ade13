"""What a stage of one bucket is handed."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.lake import LakeSettings

S = TypeVar("S")
E = TypeVar("E")


@dataclass(frozen=True)
class Order(Generic[S, E]):
    """The work of one stage on one bucket. Small: Prefect passes it to the task, possibly on another machine."""

    lake: LakeSettings
    plan_id: str
    """The run's row in `plans`; the stage's pending work follows from it."""
    bucket: int
    settings: S
    """The stage's own settings."""
    effect: E
    """Settings of the model or the judge that the stage uses; None for a stage that only computes."""
    round: int = 0
    """The round of repair that is worked on; 0 in stages that know no rounds."""
