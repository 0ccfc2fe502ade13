"""Settings of the stage score."""

from pydantic import Field

from storage.scorers import Scorer
from storage.settings import Settings


class ScoreSettings(Settings):
    """The scorers that rank the programs of a problem."""

    scorers: tuple[Scorer, ...] = Field(
        ("self_validation", "passed_count", "pass_all", "random", "ground_truth"), min_length=1
    )
    """All are stored side by side; `pairs.scorer` names the one by which pairs are made."""
    damping: float = Field(0.85, gt=0, lt=1)
    """Of self-validation (CodeDPO: 0.85)."""
    rounds: int = Field(10, ge=1, le=10_000)
    """Of self-validation (CodeDPO: 10)."""
