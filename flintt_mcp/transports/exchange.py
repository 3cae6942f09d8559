"""Requests while they are being answered, so that a shutdown ends them in good order.

In: a handler and the `send` of its request. Out: the answer, complete in every case: when a request is cut, a JSON-RPC
error is sent, or a stream that has begun is closed properly. Also counts open streams against their limits.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import anyio
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from flintt_mcp.transports.answers import CLOSE, rpc_error


class Exchange:
    """One request being answered. `waiting_for_body` says what a passed deadline means."""

    __slots__ = ("_send", "finished", "scope", "started", "waiting_for_body")

    def __init__(self, send: Send, deadline: float = math.inf) -> None:
        self.scope = anyio.CancelScope(deadline=deadline)
        self.waiting_for_body = deadline != math.inf
        self.started = False
        self.finished = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
        elif not message.get("more_body", False):
            self.finished = True
        await self._send(message)

    def body_is_here(self) -> None:
        """The request is complete: its deadline no longer counts."""
        self.scope.deadline = math.inf
        self.waiting_for_body = False

    async def finish(self, scope: Scope) -> None:
        """Completes the answer of a request that was cut."""
        if self.finished:
            return
        if self.started:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        elif self.waiting_for_body:
            answer = rpc_error(408, "The request body did not arrive in time", headers=CLOSE)
            await answer(scope, _no_receive, self._send)
        else:
            answer = rpc_error(
                503, "The server is stopping; try again in a moment", headers={"retry-after": "5", **CLOSE}
            )
            await answer(scope, _no_receive, self._send)


class Exchanges:
    """All requests being answered, and the limits on how many of them are streams."""

    def __init__(self, max_streams: int, max_streams_per_caller: int) -> None:
        self._max_streams = max_streams
        self._max_per_caller = max_streams_per_caller
        self._streams: Counter[str] = Counter()
        self._open: set[Exchange] = set()
        self._ends: set[Callable[[], None]] = set()
        self._draining = anyio.Event()

    @property
    def draining(self) -> bool:
        return self._draining.is_set()

    async def run(
        self, handle: Callable[[Exchange], Awaitable[None]], scope: Scope, send: Send, deadline: float = math.inf
    ) -> Exchange:
        """Answers one request within reach of `cut`; `deadline` is an anyio clock time for its body to be here."""
        exchange = Exchange(send, deadline)
        self._open.add(exchange)
        try:
            with exchange.scope:
                await handle(exchange)
        finally:
            self._open.discard(exchange)
        if exchange.scope.cancelled_caught:
            await exchange.finish(scope)
        return exchange

    def full(self, who: str) -> Response | None:
        """The answer when no further stream may be opened, or None."""
        if self.draining:
            return rpc_error(503, "The server is stopping; try again in a moment", headers={"retry-after": "5"})
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
            self._ends.discard(end)  # type: ignore[arg-type]
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
