"""The table of attacks: programs that lie, break out or exhaust the machine, and honest ones that look like them."""

from judge.attacks.answers import CHANGES, GAMES, READS, SPEED
from judge.attacks.base import Attack, Group
from judge.attacks.greed import GREED
from judge.attacks.honest import HONEST
from judge.attacks.host import OUTLIVES, REFUSED, SIGNALS
from judge.attacks.leaving import ENDS, FLIPS
from judge.attacks.lies import LIES
from judge.attacks.output import FORGERIES
from judge.attacks.speed import HIDES
from judge.attacks.wire import CODEC, WIRE

ATTACKS: tuple[Attack, ...] = (
    *ENDS, *FLIPS, *LIES, *CODEC, *WIRE, *READS, *CHANGES, *FORGERIES, *GREED, *OUTLIVES, *REFUSED, *SIGNALS, *SPEED,
    *HIDES, *GAMES, *HONEST,
)  # fmt: skip

__all__ = ["ATTACKS", "Attack", "Group"]
