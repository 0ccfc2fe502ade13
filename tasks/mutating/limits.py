"""How long a changed program may run."""

from judge.protocol import Limits

LEAST_CPU_S = 1.0
SLACK = 5.0  # times what the reference took: a mutant that takes longer counts as failed
WALL_PER_CPU = 10.0  # a loaded machine gives a busy program a fraction of its time


def limits_of_mutants(limits: Limits, cpu_ms: float, wall_ms: float) -> Limits:
    """Return the limits of a mutant from the time that its reference took: endless loops are common among mutants."""
    cpu_s = min(limits.cpu_s, max(LEAST_CPU_S, SLACK * cpu_ms / 1000))
    wall_s = min(limits.wall_s, max(WALL_PER_CPU * cpu_s, SLACK * wall_ms / 1000))
    return limits.model_copy(update={"cpu_s": cpu_s, "wall_s": wall_s})
