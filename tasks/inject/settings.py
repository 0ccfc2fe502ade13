"""Settings of the stage inject."""

from pydantic import Field

from storage.settings import Settings


class InjectSettings(Settings):
    """Bugs that are put into right programs: exact labels for debugging data, and no token spent."""

    bugs: int = Field(0, ge=0, le=1000)
    """Bugs per right program; 0 injects none. Only those that the problem's own tests find become examples."""
    programs: int = Field(2, ge=1, le=1000)
    """Right programs per problem that get bugs: distinct first attempts, then the reference."""
