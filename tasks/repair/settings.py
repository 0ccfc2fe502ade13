"""Settings of the stage repair."""

from typing import Literal

from pydantic import Field

from storage.settings import Settings
from tasks.models.protocol import Sampling

Chain = Literal["two_calls", "one_reply", "direct"]


class RepairSettings(Settings):
    """Repair of wrong programs, round by round."""

    rounds: int = Field(1, ge=0, le=10)
    """0 only judges. From round 2 on, only failures that no repair has fixed yet get another one."""
    chain: Chain = "two_calls"
    """two_calls: explain, then repair given the explanation. one_reply: both in one answer. direct: no explanation."""
    repairs: int = Field(2, ge=1, le=1000)
    """Repairs per explanation, or per wrong program where the chain is one_reply or direct (LeDex: 10)."""
    template: str | None = None
    """Default: `repair` for two_calls, `direct` for direct; or a path to a .jinja file. Unused for one_reply."""
    sampling: Sampling = Sampling(temperature=0.8, max_tokens=512)
    """LeDex: T = 0.8. Unused for one_reply."""
