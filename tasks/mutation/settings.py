"""Settings of the stage mutation."""

from pydantic import Field

from storage.settings import Settings


class MutationSettings(Settings):
    """The measurement of how well the problems' own tests separate wrong programs from right ones."""

    mutants: int = Field(0, ge=0, le=1000)
    """Wrong versions of each problem's reference to judge by its tests (view test_strength); 0 judges none."""
