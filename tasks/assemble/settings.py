"""Settings of the stage assemble."""

from typing import Literal, Self

from pydantic import Field, model_validator

from storage.scorers import Scorer
from storage.settings import Settings

Form = Literal["repair", "explain_repair", "generate"]
Origin = Literal["model", "sibling", "injected"]


class AssembleSettings(Settings):
    """Which programs of the lake become examples of debugging_sft."""

    forms: tuple[Form, ...] = Field(("repair", "explain_repair", "generate"), min_length=1)
    """`repair` and `explain_repair` are LeDex's two instructions; `generate` adds first attempts that are right."""
    origins: tuple[Origin, ...] = Field(("model", "sibling", "injected"), min_length=1)
    """Where a wrong program and its repair come from. `model`: a model repaired it, as in LeDex. `sibling`: the nearest
    right first attempt of the same problem. `injected`: a bug was put into the right program (settings `inject`)."""
    siblings: int = Field(16, ge=1, le=1000)
    """Right and wrong first attempts per problem that are compared at most, for the origin sibling."""
    max_sibling_distance: float = Field(0.5, gt=0, le=1)
    """Siblings farther apart are no pair: token edits over the longer program's tokens."""
    first_attempts: int | None = Field(None, ge=1)
    """Right first attempts per problem at most; null takes every distinct one."""
    shared: bool = False
    """Also take programs that were judged in one process with their tests (flag `shared`)."""


class PreferenceSettings(Settings):
    """Which programs of the lake become preference examples. CodeDPO leaves these numbers open; docs/preference.md."""

    scorer: Scorer = "self_validation"
    """The scorer that says which program is better, one of `score.scorers`; every score lies in [0, 1]."""
    pairs: Literal["best_worst", "all_above_gap"] = "best_worst"
    """`best_worst`: one pair per problem, as in CodeDPO. `all_above_gap`: up to `max_pairs`, the widest gaps first."""
    veto: bool = True
    """The problem's own tests, where it has some, overrule the score: a program that fails them is never the better
    one, a program that passes them never the worse one. CodeDPO knows no such tests: false."""
    min_gap: float = Field(0.1, gt=0, le=1)
    """Scores closer than this are a tie. CodeDPO drops near-ties without saying how close they are."""
    max_pairs: int = Field(4, ge=1, le=1000)
    """Pairs per problem at most, with `all_above_gap`."""
    min_token_distance: float = Field(0.05, ge=0, lt=1)
    """Programs closer than this are near-identical and no pair: token edits over the longer's tokens. 0 takes all."""
    kto_high: float = Field(0.9, ge=0, le=1)
    """A program with this score or a higher one is labelled desirable."""
    kto_low: float = Field(0.5, ge=0, le=1)
    """A program with this score or a lower one is labelled undesirable; between the two it gets no label."""
    shared: bool = False
    """Also take programs that were judged in one process with their tests (flag `shared`)."""

    @model_validator(mode="after")
    def _check_thresholds(self) -> Self:
        if self.kto_low >= self.kto_high:
            raise ValueError(f"kto_low {self.kto_low}: expected less than kto_high {self.kto_high}")
        return self
