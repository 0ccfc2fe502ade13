"""Bound the samples in flight, first come first served."""

import asyncio
from collections import deque


class Slots:
    """A semaphore that gives several slots at a time, for use from one event loop.

    Requests are served in order, so that a stream of single samples cannot starve a request for eight.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, count: int) -> None:
        """Wait until `count` slots are free, and take them.

        Raises:
            ValueError: there are fewer than `count` slots in all.
        """
        if count > self.size:
            raise ValueError(f"{count} slots asked for, there are {self.size}")
        if not self._waiting and count <= self.free:
            self.free -= count
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.release(count)  # the slots were given in the same instant as the cancellation
            else:
                self._wake()  # requests behind may be small enough
            raise

    def release(self, count: int) -> None:
        """Return `count` slots that `acquire` took."""
        self.free += count
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            count, turn = self._waiting[0]
            if not turn.cancelled():
                if count > self.free:
                    return
                self.free -= count
                turn.set_result(None)
            self._waiting.popleft()
