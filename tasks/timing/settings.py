"""Settings of the stage timing."""

from pydantic import Field

from judge.protocol import Limits
from storage.settings import Settings


class TimingSettings(Settings):
    """The measurement of the speed of right programs (CodeDPO's efficiency stage; the paper gives no constant)."""

    programs: int = Field(8, ge=2, le=1000)
    """Programs of one problem at most: the best scored, no two equal."""
    inputs: int = Field(2, ge=1, le=100)
    """Trusted tests whose inputs are made larger."""
    repeats: int = Field(7, ge=3, le=1000)
    """Runs of every program on every input, each in a fresh process and on new values; programs take turns."""
    least_ms: float = Field(20.0, gt=0)
    """Inputs grow until the slowest program takes this much CPU time, well above the noise of a start."""
    largest: int = Field(1 << 20, ge=1)
    """Growth stops at this many times the test's own size, and at calls of a million characters; where the slowest
    program is still too fast, none are compared."""
    confidence: float = Field(0.99, gt=0.5, lt=1)
    """Probability that no interval of a problem's ratios misses its ratio (bootstrap, Bonferroni over all pairs)."""
    least_ratio: float = Field(1.2, gt=1)
    """The bound above which a pair's interval must lie on every input, import counted or not."""
    limits: Limits = Limits(cpu_s=5.0, wall_s=60.0)
    """Limits of one measurement."""
