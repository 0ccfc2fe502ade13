"""Settings of the stage diagnose."""

from pydantic import Field

from storage.settings import Settings
from tasks.models.protocol import Sampling


class DiagnoseSettings(Settings):
    """Explanations of wrong programs."""

    diagnoses: int = Field(1, ge=1, le=100)
    """Explanations per wrong program, where the chain of repair is two_calls; a one_reply chain takes
    `repair.repairs`."""
    template: str | None = None
    """Default: `explain` for two_calls, `explain_and_repair` for one_reply; or a path to a .jinja file."""
    sampling: Sampling = Sampling(temperature=0.8, max_tokens=512)
    """LeDex: T = 0.8."""
