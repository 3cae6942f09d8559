"""Stage: what seems to be there already is not added a second time, unless the call says so.

In: a call that creates. Out: a refusal that tells the row that is there, or the call goes on. It stands before a person is asked
and before the intent is taken; a call for which an intent stands already is a repeat, and gets what that intent has for it. Creates
of one caller with one tool take turns here, so that of two at the same time the second sees what the first one made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio

from flintt_mcp.calls.call import ALLOW_DUPLICATE, Call, Next
from flintt_mcp.calls.intent import Intents
from flintt_mcp.calls.reply import Refused, Reply
from flintt_mcp.calls.stages.once import wanted_by
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import AlreadyThere


class Duplicates:
    """Refuses likely duplicates. `remembered` is as for `Once`."""

    def __init__(self, intents: Intents, remembered: Mapping[Effect, float]) -> None:
        self._intents = intents
        self._remembered = remembered
        self._turns: dict[tuple[str, str], anyio.Lock] = {}

    def concerns(self, tool: Tool) -> bool:
        return tool.twin is not None

    async def __call__(self, call: Call, next: Next) -> Reply:
        if (
            call.tool.twin is None
            or call.intent is not None
            or call.writer is None
            or call.arguments.get(ALLOW_DUPLICATE)
        ):
            return await next(call)
        async with self._turn((call.writer, call.tool.name)):
            look = call.tool.twin if call.under is None else call.under.twin
            there = "" if await self._is_a_repeat(call) else await look(call)
            if not there:
                return await next(call)
        return Refused(
            AlreadyThere(
                f"this seems to be there already: {there}",
                advice=f"go on with that row, or call again with {ALLOW_DUPLICATE} true to add another one all the same",
            )
        )

    async def _is_a_repeat(self, call: Call) -> bool:
        wanted = wanted_by(call, self._remembered)
        return await self._intents.standing(wanted) is not None

    @asynccontextmanager
    async def _turn(self, whose: tuple[str, str]) -> AsyncIterator[None]:
        """This call's turn; whoever is the last to leave takes the lock away."""
        lock = self._turns.setdefault(whose, anyio.Lock())
        try:
            async with lock:
                yield
        finally:
            if lock.statistics().tasks_waiting == 0 and not lock.locked():
                self._turns.pop(whose, None)
