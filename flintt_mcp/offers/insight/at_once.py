"""Several requests at a time, each ending with its result or its error, none taking the others along.

In: what to do, for what, and for how long. Out: the outcomes, in the order of what was asked for; None for what was not done in
time. A caller that is cancelled cancels all of them.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

from flintt_mcp.errors import FlinttError

AT_ONCE = 8
"""Requests of one question that are on their way together."""
Item = TypeVar("Item")
Found = TypeVar("Found")


async def each(
    items: Sequence[Item], work: Callable[[Item], Awaitable[Found]], seconds: float = math.inf
) -> list[Found | FlinttError | None]:
    """The outcome of `work` for every item, in their order."""
    outcomes: list[Found | FlinttError | None] = [None] * len(items)
    waiting = iter(enumerate(items))

    async def worker() -> None:
        for place, item in waiting:
            try:
                outcomes[place] = await work(item)
            except FlinttError as error:
                outcomes[place] = error

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as group:
            for _ in range(min(AT_ONCE, len(items))):
                group.start_soon(worker)
    return outcomes
