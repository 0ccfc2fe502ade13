"""Settings of the stage matrix."""

from judge.protocol import Limits
from storage.settings import Settings


class MatrixSettings(Settings):
    """Every program on every generated test."""

    limits: Limits = Limits(cpu_s=2.0, wall_s=20.0)
    """What one program may use on one test: a test that hangs leaves the others theirs."""
