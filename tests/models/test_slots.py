"""The bound on samples in flight."""

import asyncio

from tasks.models.slots import Slots


def test_a_large_request_is_not_starved_by_small_ones() -> None:
    async def run() -> list[str]:
        slots, order = Slots(4), []

        async def take(name: str, count: int) -> None:
            await slots.acquire(count)
            order.append(name)
            await asyncio.sleep(0.01)
            slots.release(count)

        await asyncio.gather(take("a", 1), take("large", 4), take("b", 1), take("c", 1))
        assert slots.free == 4
        return order

    assert asyncio.run(run()) == ["a", "large", "b", "c"]


def test_cancelling_a_waiter_loses_no_slot_and_blocks_no_request() -> None:
    async def run() -> None:
        slots = Slots(2)
        await slots.acquire(1)
        large = asyncio.create_task(slots.acquire(2))
        small = asyncio.create_task(slots.acquire(1))
        await asyncio.sleep(0)
        large.cancel()
        await asyncio.wait_for(small, 1)
        waiting = asyncio.create_task(slots.acquire(1))
        await asyncio.sleep(0)
        slots.release(1)  # the slots are given ...
        waiting.cancel()  # ... in the same instant
        await asyncio.gather(large, waiting, return_exceptions=True)
        slots.release(1)
        assert slots.free == 2

    asyncio.run(run())
