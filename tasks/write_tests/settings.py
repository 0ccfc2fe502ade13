"""Settings of the stage write_tests."""

from pydantic import Field

from storage.settings import Settings
from tasks.models.protocol import Sampling


class WriteTestsSettings(Settings):
    """Tests that the model writes (CodeDPO)."""

    samples: int = Field(5, ge=1, le=1000)
    """Answers per problem; each holds several tests. CodeDPO does not say how its 15 were asked for."""
    tests: int = Field(15, ge=1, le=1000)
    """Tests per problem at most (CodeDPO: 15). Equal tests count once; first of every answer, then second ..."""
    template: str = "asserts"
    """`asserts`, or a path to a .jinja file."""
    sampling: Sampling = Sampling(temperature=1.5, max_tokens=512)
    """CodeDPO: T = 1.5; small models need less."""
