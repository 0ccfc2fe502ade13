"""What becomes an example."""

from typing import Literal, Self

from pydantic import Field, model_validator

from storage.settings import Settings
from tasks.settings import Scorer

Form = Literal["repair", "explain_repair", "generate"]


class AssembleSettings(Settings):
    """Of the data set debugging_sft, made from the whole lake."""

    forms: tuple[Form, ...] = Field(("repair", "explain_repair", "generate"), min_length=1)
    """repair and explain_repair are LeDex's two instructions; generate is the right first attempts mixed in."""
    first_attempts: int | None = Field(None, ge=1)
    """Right first attempts per problem at most; null takes all that differ."""
    shared: bool = False
    """Also take programs that were judged in one process with their tests (flag `shared`)."""


class PreferenceSettings(Settings):
    """Of the preference data sets, made from the whole lake. CodeDPO leaves open every number here: they are ours."""

    scorer: Scorer = "self_validation"
    """Who says which program is better, of those that `score.scorers` stores; every score lies in [0, 1]."""
    pairs: Literal["best_worst", "all_above_gap"] = "best_worst"
    """best_worst: one pair a problem, as CodeDPO. all_above_gap: `max_pairs`, the widest gaps first."""
    min_gap: float = Field(0.1, gt=0, le=1)
    """Scores nearer than this are a tie (CodeDPO drops near-ties, and does not say how near)."""
    max_pairs: int = Field(4, ge=1, le=1000)
    """Pairs per problem at most, of all_above_gap."""
    min_token_distance: float = Field(0.05, ge=0, lt=1)
    """Programs nearer than this (token edits over the longer's tokens) are near-identical, and no pair; 0 takes all."""
    kto_high: float = Field(0.9, ge=0, le=1)
    """A program that scores this or more is wanted."""
    kto_low: float = Field(0.5, ge=0, le=1)
    """One that scores this or less is not; between the two a program gets no label."""
    shared: bool = False
    """Also take programs that were judged in one process with their tests (flag `shared`)."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.kto_low >= self.kto_high:
            raise ValueError(f"kto_low {self.kto_low}: expected less than kto_high {self.kto_high}")
        return self
