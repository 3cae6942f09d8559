"""Requests while they are being answered, so that a shutdown ends them in good order.

In: a handler and the `send` of its request. Out: the answer, complete in every case: when a request is cut, a JSON-RPC
error is sent, or a stream that has begun is closed properly. Also counts open streams against their limits.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from flintt_mcp.transports.envelope import RequestId
from flintt_mcp.transports.http.json_responses import CLOSE, rpc_error
from flintt_mcp.transports.http.options import HttpOptions

Read = TypeVar("Read")

_STOPPING = "The server is stopping; try again in a moment"


class Exchange:
    """One request being answered. `body_is_late` says why it was cut; `id` is its JSON-RPC id once that is known."""

    __slots__ = ("_send", "body_is_late", "finished", "id", "scope", "started")

    def __init__(self, send: Send) -> None:
        self.scope = anyio.CancelScope()
        self.body_is_late = False
        self.id: RequestId | None = None
        self.started = False
        self.finished = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
        elif not message.get("more_body", False):
            self.finished = True
        await self._send(message)

    async def finish(self, scope: Scope) -> None:
        """Completes the answer of a request that was cut."""
        if self.finished:
            return
        if self.started:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        elif self.body_is_late:
            answer = rpc_error(408, "The request body did not arrive in time", headers=CLOSE)
            await answer(scope, _no_receive, self._send)
        else:
            answer = rpc_error(503, _STOPPING, id=self.id, headers={"retry-after": "5", **CLOSE})
            await answer(scope, _no_receive, self._send)


class Exchanges:
    """All requests being answered, and the limits on how many of them are streams."""

    def __init__(self, options: HttpOptions) -> None:
        self._max_streams = options.max_streams
        self._max_per_caller = options.max_streams_per_caller
        self._body_timeout = options.body_timeout
        self._awaited: dict[Exchange, float] = {}
        self._streams: Counter[str] = Counter()
        self._open: set[Exchange] = set()
        self._ends: set[Callable[[], None]] = set()
        self._draining = anyio.Event()

    @property
    def draining(self) -> bool:
        return self._draining.is_set()

    async def run(self, handle: Callable[[Exchange], Awaitable[None]], scope: Scope, send: Send) -> None:
        """Answers one request, which from now on can be cut."""
        exchange = Exchange(send)
        self._open.add(exchange)
        try:
            with exchange.scope:
                await handle(exchange)
        finally:
            self._open.discard(exchange)
        if exchange.scope.cancelled_caught:
            await exchange.finish(scope)

    async def in_time(self, exchange: Exchange, reading: Awaitable[Read]) -> Read:
        """Awaits a body; the request is cut when that takes too long."""
        self._awaited[exchange] = time.monotonic() + self._body_timeout
        try:
            return await reading
        finally:
            del self._awaited[exchange]

    async def cut_late_bodies(self) -> None:
        """Looks after all awaited bodies at once: a timer for each would cost more than the rest of a request here."""
        while True:
            await anyio.sleep(self._body_timeout / 10)
            now = time.monotonic()
            for exchange in [late for late, deadline in self._awaited.items() if deadline <= now]:
                exchange.body_is_late = True
                exchange.scope.cancel()

    def full(self, who: str) -> Response | None:
        """The answer when no further stream may be opened, or None."""
        if self.draining:
            return rpc_error(503, _STOPPING, headers={"retry-after": "5"})
        if self._streams.total() >= self._max_streams:
            return rpc_error(
                503, "Too many streams are open on this server; try again later", headers={"retry-after": "60"}
            )
        if self._streams[who] >= self._max_per_caller:
            return rpc_error(
                503, "Too many streams are open for this caller; close one of them first", headers={"retry-after": "60"}
            )
        return None

    @contextmanager
    def stream(self, who: str, end: Callable[[], None] | None = None) -> Iterator[None]:
        """Counts one stream while it is open. `end` ends it in good order when a shutdown begins."""
        self._streams[who] += 1
        if end is not None:
            self._ends.add(end)
        try:
            yield
        finally:
            if end is not None:
                self._ends.discard(end)
            self._streams[who] -= 1
            if not self._streams[who]:
                del self._streams[who]

    def drain(self) -> None:
        """A shutdown began: no new streams, and those that are open end as soon as nothing runs on them."""
        self._draining.set()
        for end in list(self._ends):
            end()

    async def cut_after(self, grace: float) -> None:
        """Waits for `drain`, gives calls that time, then cuts what is left."""
        await self._draining.wait()
        await anyio.sleep(grace)
        for exchange in list(self._open):
            exchange.scope.cancel()


async def _no_receive() -> Message:
    return {"type": "http.disconnect"}
