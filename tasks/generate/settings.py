"""Settings of the stage generate."""

from pydantic import Field

from storage.settings import Settings
from tasks.models.protocol import Sampling


class GenerateSettings(Settings):
    """First attempts."""

    samples: int = Field(8, ge=1, le=10_000)
    """Programs per problem (LeDex: 20)."""
    template: str = "chat"
    """`chat`, `three_shot` (as LeDex samples), or a path to a .jinja file."""
    sampling: Sampling = Sampling(temperature=1.0, max_tokens=512)
    """LeDex: T = 1.0."""
    skip_failed_references: bool = True
    """Write nothing for a problem whose own reference fails its tests: a pass would mean nothing there."""
