"""Sends what the outbox holds, until it is cancelled: in turns, each of which notes what ended and takes what is due.

In: the database, the digester of the data folder, the schemes, a `Post`. Out: nothing but requests and rows. A turn is one
transaction, however much ended and is due, and an attempt that ends wakes the dispatcher for the next turn. An attempt keeps its
place until it is written down, so a database that cannot be written to stops the sending and loses nothing. Each delivery goes
at least once: a receiver drops repeats by delivery_id. Order is not promised.
"""

from __future__ import annotations

import logging
import random as chance
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from flintt_mcp.sandbox.delivery.attempt import Post, attempt
from flintt_mcp.sandbox.delivery.queue import Claim, Taken, hold_folder, is_free, release, take, waiting
from flintt_mcp.sandbox.delivery.scheme import Scheme
from flintt_mcp.sandbox.delivery.settling import Ended, settle
from flintt_mcp.sandbox.delivery.shares import Shares
from flintt_mcp.sandbox.ground.clock import Clock, utc_now
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sqlite import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a dispatcher works, and where it gets time and chance. `lease` outlasts every attempt."""

    clock: Clock = utc_now
    random: Callable[[], float] = chance.random
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    poll: float = 0.5
    lease: float = 30.0


@dataclass(slots=True)
class Dispatcher:
    """One process's dispatcher; any number may run on a data folder, one at a time delivers.

    `reaches` says which URLs are this process's to send to: this machine is only for one that allows loopback.
    """

    database: Database
    digester: Digester
    schemes: Mapping[str, Scheme]
    post: Post
    pace: Pace = field(default_factory=Pace)
    reaches: Callable[[str], bool] = lambda _url: True
    shares: Shares = field(default_factory=Shares)
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    _under_way: dict[str, Taken] = field(default_factory=dict)
    _ended: list[Ended] = field(default_factory=list)
    _holds: bool = False
    _resting: anyio.CancelScope | None = None

    async def run(self) -> None:
        """Deliver until cancelled; give the leases back whenever nothing is left, so that another process goes on at once."""
        try:
            async with anyio.create_task_group() as group:
                while True:
                    await self._turn_and_rest(group)
        finally:
            with anyio.CancelScope(shield=True):
                await self._finish()

    async def round(self) -> int:
        """Deliver everything that is due, wait until it ended, and answer how many attempts that took.

        Raises:
            sqlite3.OperationalError: the database is busy or full.
        """
        begun = 0
        while True:
            async with anyio.create_task_group() as group:
                now = await self._turn(group)
            if not now and not self._ended:
                return begun
            begun += now

    async def _turn_and_rest(self, group: TaskGroup) -> None:
        try:
            begun = await self._turn(group)
            if not begun:
                await self._let_another()
        except sqlite3.OperationalError as error:  # busy or full: what is due stays due, and what ended is noted later
            logger.warning("webhook deliveries wait: %s", error)
            await self.pace.sleep(self.pace.poll)
            return
        if not begun and not self._ended:
            with anyio.CancelScope() as self._resting:
                await self.pace.sleep(self.pace.poll)

    async def _turn(self, group: TaskGroup) -> int:
        """Note what ended, take what is due, begin it, and answer how many attempts that were."""
        ended = tuple(self._ended)
        if not ended and not await self._is_work_waiting():
            return 0
        self._holds = True
        taken = await self.database.write(self._exchange, ended, self._now())
        del self._ended[: len(ended)]
        for one in ended:
            self._under_way.pop(one.taken.id, None)
        for begun in taken:
            self._under_way[begun.id] = begun
            group.start_soon(self._deliver, begun)
        return len(taken)

    async def _is_work_waiting(self) -> bool:
        """Only reads, so that an idle sandbox writes nothing, nor one beside another that delivers."""

        def look(connection: sqlite3.Connection, now: float) -> bool:
            mine = is_free(connection, self.holder, now)
            return mine and any(self.reaches(one.url) for one in waiting(connection, now))

        return len(self._under_way) < self.shares.at_once and await self.database.read(look, self._now())

    def _exchange(self, connection: sqlite3.Connection, ended: Sequence[Ended], now: float) -> list[Taken]:
        for one in ended:
            settle(connection, self.schemes, self.holder, one)
        claim = Claim(self.holder, now, self.pace.lease)
        if not hold_folder(connection, claim):
            return []
        over = {one.taken.id for one in ended}
        under_way = [one for one in self._under_way.values() if one.id not in over]
        reachable = [one for one in waiting(connection, now) if self.reaches(one.url)]
        return take(connection, claim, self.shares.out(reachable, under_way))

    async def _deliver(self, taken: Taken) -> None:
        outcome = await attempt(taken, self.schemes[taken.scheme], self.digester, self.post, self.pace.clock)
        self._ended.append(Ended(taken, outcome, self.pace.random()))
        if self._resting is not None:
            self._resting.cancel()

    async def _let_another(self) -> None:
        """Let another process deliver when nothing of this one is under way: it may reach what this one does not."""
        if self._holds and not self._under_way:
            await self.database.write(release, self.holder)
            self._holds = False

    async def _finish(self) -> None:
        """Note what ended and give the rest back, so that the next process goes on at once."""

        def finish(connection: sqlite3.Connection) -> None:
            for one in self._ended:
                settle(connection, self.schemes, self.holder, one)
            release(connection, self.holder, self._under_way.values())

        if self._holds:
            try:
                await self.database.write(finish)
            except sqlite3.OperationalError as error:  # the leases run out by themselves
                logger.warning("webhook deliveries were not given back: %s", error)

    def _now(self) -> float:
        return self.pace.clock().timestamp()
