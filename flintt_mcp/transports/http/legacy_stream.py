"""One open stream of the legacy transport: its client, what runs on it, and what its client has not read yet.

In: requests that are taken, and messages for its client. Out: events, one after the other. A client that posts and does not read is
held up before it costs much: a call counts until its answer has gone out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.http.exchanges.events import EventStream, event_of
from flintt_mcp.transports.http.kernel import Client

MAX_IN_FLIGHT = 64
"""Requests of one stream whose answers have not gone out."""
MAX_UNREAD = 1024 * 1024
"""Bytes that wait for the client of one stream; while there are more no request is taken."""


class LegacyStream:
    """One open stream. It ends `idle_timeout` seconds after the last message. `client` is known after the handshake."""

    def __init__(self, id: str, caller: Caller, user: AuthenticatedUser, idle_timeout: float) -> None:
        self.id = id
        self.name = id.encode()
        self.caller = caller
        self.user = user
        self.client: Client | None = None
        self.scope = anyio.CancelScope()
        self.ending = False
        self.events: EventStream | None = None
        self.group: TaskGroup | None = None
        self._idle_timeout = idle_timeout
        self._in_flight = 0
        self._unread = 0
        self.touch()

    def touch(self) -> None:
        """A message passed: the idle time begins again."""
        self.scope.deadline = anyio.current_time() + self._idle_timeout

    def is_full(self) -> bool:
        """Whether its client has to read before another request is taken."""
        return self._in_flight >= MAX_IN_FLIGHT or self._unread > MAX_UNREAD

    def begin(self) -> None:
        """One more request runs."""
        self._in_flight += 1

    def settle(self) -> None:
        """One has been answered, or needs no answer any more."""
        self._in_flight -= 1
        if self.ending and not self._in_flight:
            self.scope.cancel()

    def end(self) -> None:
        """Ends the stream once nothing runs on it."""
        self.ending = True
        if not self._in_flight:
            self.scope.cancel()

    async def tell(self, message: Mapping[str, Any], before: Callable[[], None] | None = None) -> None:
        """Sends one message; `before` is called when its turn has come."""
        if self.events is None:
            return
        event = event_of(message)
        self._unread += len(event)
        try:
            await self.events.put(event, before)
        finally:
            self._unread -= len(event)
        self.touch()
