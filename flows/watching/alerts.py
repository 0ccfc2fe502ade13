"""Limits above which the event of a run calls a rate high."""

from pydantic import Field

from storage.settings import Settings


class AlertSettings(Settings):
    """Limits of the rates of a run; configs/automations defines what follows when one is passed."""

    infra_rate: float = Field(0.02, ge=0, le=1)
    """Share of judged programs that ended in an infrastructure error, after retries."""
    hack_rate: float = Field(0.02, ge=0, le=1)
    """Share of judged programs that tampered with the judge."""
    at_least: int = Field(20, ge=1)
    """Fewest judged programs for a rate to be called high or ok; below it is `unknown`."""
