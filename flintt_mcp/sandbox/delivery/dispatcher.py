"""Sends what the outbox holds: takes due deliveries, sends each once, writes down how it went, until it is cancelled.

In: the database, the digester of the data folder, the schemes, and a `Post` (the network guard's, or a test's). Out: nothing but
requests and rows. Each attempt is at least once: a receiver drops repeats by delivery_id. Order is not promised. No URL,
body, secret or answer of a receiver enters a log line.
"""

from __future__ import annotations

import logging
import random as chance
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from flintt_mcp.sandbox.database import Database
from flintt_mcp.sandbox.delivery.queue import Outcome, Reaches, Taken, is_work_waiting, release, settle, take
from flintt_mcp.sandbox.delivery.scheme import Outgoing, Scheme
from flintt_mcp.sandbox.delivery.signing import auth_token, signing_secret, standard_headers
from flintt_mcp.sandbox.ground.clock import Clock, utc_now
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sandbox.network.guard import Failed, Refused

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""POST a body with headers to a URL and answer the status; raises the guard's `Refused` or `Failed`."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a dispatcher works, and where it gets time and chance. `lease` outlasts every attempt."""

    clock: Clock = utc_now
    random: Callable[[], float] = chance.random
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    poll: float = 0.5
    lease: float = 30.0
    at_once: int = 16


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
    reaches: Reaches = lambda _url: True
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    _under_way: int = 0
    _holds: bool = False

    async def run(self) -> None:
        """Deliver until cancelled; give the leases back whenever nothing is left, so that another process goes on at once."""
        try:
            async with anyio.create_task_group() as group:
                while True:
                    if not await self._begin(group):
                        await self._rest()
                        await self.pace.sleep(self.pace.poll)
        finally:
            with anyio.CancelScope(shield=True):
                await self.database.write(release, self.holder)

    async def _rest(self) -> None:
        """Let another process deliver when nothing of this one is under way: it may reach what this one does not."""
        if not self._holds or self._under_way:
            return
        try:
            await self.database.write(release, self.holder)
            self._holds = False
        except sqlite3.OperationalError as error:  # the lease runs out by itself
            logger.warning("webhook deliveries wait: %s", error)

    async def round(self) -> int:
        """Deliver everything that is due, wait until it ended, and answer how many attempts that took."""
        begun = 0
        while True:
            async with anyio.create_task_group() as group:
                now = await self._begin(group)
            if not now:
                return begun
            begun += now

    async def _begin(self, group: TaskGroup) -> int:
        """Take what is due, as far as there is room, and start its attempts; answer how many."""
        room = self.pace.at_once - self._under_way
        try:
            if room < 1 or not await self.database.read(is_work_waiting, self._now(), self.reaches):
                return 0
            self._holds = True
            taken = await self.database.write(take, self.holder, room, self._now(), self.pace.lease, self.reaches)
        except sqlite3.OperationalError as error:  # busy or full: what is due stays due
            logger.warning("webhook deliveries wait: %s", error)
            return 0
        self._under_way += len(taken)
        for one in taken:
            group.start_soon(self._deliver, one)
        return len(taken)

    async def _deliver(self, taken: Taken) -> None:
        try:
            outcome = await self._attempt(taken)
            await self.database.write(settle, self.schemes, taken, self.holder, outcome, self.pace.random())
        except sqlite3.OperationalError as error:  # its lease runs out, and it is sent again
            logger.warning("webhook delivery %s could not be noted: %s", taken.id, error)
        finally:
            self._under_way -= 1

    async def _attempt(self, taken: Taken) -> Outcome:
        began = self._now()
        headers = self._headers(taken, int(began))
        status, error = None, None
        try:
            status = await self.post(taken.url, headers, taken.body)
            if not 200 <= status < 300:
                error = f"answered {status}" + (", a redirect, which is not followed" if 300 <= status < 400 else "")
        except Refused as refused:
            error = f"not sent: {refused}"
        except Failed as failed:
            error = str(failed)
        if error is not None:
            logger.info("webhook delivery %s: %s", taken.id, error)
        return Outcome(began, max(0.0, self._now() - began), status, error)

    def _headers(self, taken: Taken, timestamp: int) -> dict[str, str]:
        scheme = self.schemes[taken.scheme]
        secret = signing_secret(self.digester, taken.signing_salt)
        former = signing_secret(self.digester, taken.former_salt) if taken.former_salt else None
        token = auth_token(self.digester, taken.token_salt)
        outgoing = Outgoing(taken.id, taken.event, taken.body, secret, token, former)
        in_use = [secret] if former is None else [secret, former]
        return {
            "Content-Type": "application/json",
            "User-Agent": scheme.user_agent,
            **standard_headers(in_use, taken.id, timestamp, taken.body),
            **scheme.headers(outgoing),
        }

    def _now(self) -> float:
        return self.pace.clock().timestamp()
