"""From which rates on a run's event calls them high."""

from pydantic import Field

from storage.settings import Settings


class AlertSettings(Settings):
    """Limits of a run's rates; configs/automations says what follows when one is passed."""

    infra_rate: float = Field(0.02, ge=0, le=1)
    """Share of judged programs that ended in an infrastructure error, after retries."""
    hack_rate: float = Field(0.02, ge=0, le=1)
    """Share of judged programs that tampered with the judge."""
    at_least: int = Field(20, ge=1)
    """Programs judged in the run, below which no rate is called high or ok."""
