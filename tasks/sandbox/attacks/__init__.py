"""The table of attacks: wrong programs that lie, break out or eat the machine, and honest ones that look like it."""

from tasks.sandbox.attacks.answers import CHANGES, GAMES, READS, SPEED
from tasks.sandbox.attacks.base import Attack, Group
from tasks.sandbox.attacks.greed import GREED
from tasks.sandbox.attacks.honest import HONEST
from tasks.sandbox.attacks.host import OUTLIVES, REFUSED, SIGNALS
from tasks.sandbox.attacks.leaving import ENDS, FLIPS
from tasks.sandbox.attacks.lies import LIES
from tasks.sandbox.attacks.output import FORGERIES
from tasks.sandbox.attacks.speed import HIDES
from tasks.sandbox.attacks.wire import CODEC, WIRE

ATTACKS: tuple[Attack, ...] = (
    *ENDS, *FLIPS, *LIES, *CODEC, *WIRE, *READS, *CHANGES, *FORGERIES, *GREED, *OUTLIVES, *REFUSED, *SIGNALS, *SPEED,
    *HIDES, *GAMES, *HONEST,
)  # fmt: skip

__all__ = ["ATTACKS", "Attack", "Group"]
