"""Requests while they are being answered, so that each gets a whole answer, also when it is cut.

In: a request that the gate let in, and what handles it. Out: the answer, complete in every case: when a request is cut, a JSON-RPC
error is sent, or a stream that has begun is closed properly. It knows nothing of what is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from mcp.server.streamable_http import REQUEST_CANCELLED
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from flintt_mcp.transports.envelope import RequestId
from flintt_mcp.transports.http.exchanges.events import EventStream
from flintt_mcp.transports.http.exchanges.gate import Entry
from flintt_mcp.transports.http.exchanges.json_responses import CLOSE, rpc_error, stopping
from flintt_mcp.transports.line_safe import line_safe_bytes

WATCHED_SECONDS = 0.5
"""After so long at the latest somebody looks whether the client of a request is still there."""


class Exchange:
    """One request and its answer.

    `prefix` is the path under which clients see this server; `id` is the JSON-RPC id once that is known; `body_is_late` says
    why the request was cut, and so does `called_off`: its client wants no answer any more. `ends_with_client` says that a client
    who closes the connection calls the request off. `events` is there where the answer may be a stream.
    """

    __slots__ = (
        *("_cut", "_gone", "_head", "_send", "_watched", "body_is_late", "called_off", "ends_with_client", "entry"),
        *("events", "finished", "id", "prefix", "receive", "scope", "started"),
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, entry: Entry, prefix: str = "") -> None:
        self.scope = scope
        self.receive = receive
        self.entry = entry
        self.prefix = prefix
        self.id: RequestId | None = None
        self.body_is_late = False
        self.called_off = False
        self.ends_with_client = False
        self.events: EventStream | None = None
        self._watched = False
        self._gone = False
        self.started = False
        self.finished = False
        self._send = send
        self._head: Message | None = None
        self._cut = anyio.CancelScope()

    @property
    def found(self) -> Mapping[bytes, bytes]:
        """The request's headers, those with keys as well."""
        return self.entry.found

    async def send(self, message: Message) -> None:
        """One part of the answer, as ASGI has it; it goes out without line breaks that JSON hides in its strings."""
        if message["type"] == "http.response.start":
            if _has_length(message):
                self._head = message  # the length is known once the body is
                return
        else:
            message = await self._body(message)
        self.started = True
        await self._send(message)

    async def _body(self, message: Message) -> Message:
        sent = message.get("body", b"")
        safe = line_safe_bytes(sent)
        if self._head is not None:
            head, self._head = self._head, None
            self.started = True
            await self._send(head if safe is sent else _with_length(head, len(safe)))
        self.finished = not message.get("more_body", False)
        return message if safe is sent else {**message, "body": safe}

    async def answer(self, response: Response) -> None:
        """The whole answer."""
        await response(self.scope, self.receive, self.send)

    def cut(self) -> None:
        """Ends the handling now; whatever is missing of the answer is sent."""
        self._cut.cancel()

    def call_off(self) -> None:
        """Ends the handling at its client's word."""
        self.called_off = True
        self.cut()

    async def watch(self) -> None:
        """Ends the handling once the client has gone; returns when there is an answer, too."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        if not self.finished:
            self._gone = True
            self.cut()

    def is_to_be_watched(self) -> bool:
        """Whether somebody should `watch` from now on; true once."""
        wanted = self.ends_with_client and not self._watched
        self._watched = self._watched or wanted
        return wanted

    async def run(self, handle: Callable[[Exchange], Awaitable[None]]) -> None:
        """Handles the request, which from now on can be cut."""
        with self._cut:
            await handle(self)
        if self._cut.cancelled_caught and not self.finished and not self._gone:
            await self._finish()

    async def _finish(self) -> None:
        self._head = None
        if self.called_off:
            await (self.events or EventStream(self)).end(_called_off(self.id), 200)
        elif self.started:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        elif self.body_is_late:
            await self.answer(rpc_error(408, "The request body did not arrive in time", headers=CLOSE))
        else:
            await self.answer(stopping(self.id))


def _called_off(id: RequestId | None) -> dict[str, Any]:
    """The answer to a request that its client called off: up to 2025-11-25 only an answer ends a request on this wire."""
    return {"jsonrpc": "2.0", "id": id, "error": {"code": REQUEST_CANCELLED, "message": "Request cancelled"}}


def _has_length(head: Message) -> bool:
    return any(name == b"content-length" for name, _ in head.get("headers", ()))


def _with_length(head: Message, length: int) -> Message:
    others = [pair for pair in head["headers"] if pair[0] != b"content-length"]
    return {**head, "headers": [*others, (b"content-length", str(length).encode())]}


class Exchanges:
    """All requests being answered."""

    def __init__(self) -> None:
        self._open: set[Exchange] = set()
        self._draining = anyio.Event()

    @property
    def draining(self) -> bool:
        """Whether a shutdown began."""
        return self._draining.is_set()

    async def run(self, exchange: Exchange, handle: Callable[[Exchange], Awaitable[None]]) -> None:
        """Answers one request."""
        self._open.add(exchange)
        try:
            await exchange.run(handle)
        finally:
            self._open.discard(exchange)

    def drain(self) -> None:
        """A shutdown began."""
        self._draining.set()

    async def look_after(self) -> None:
        """Watches the clients of requests that take long, and lets silent streams show that they live.

        One timer does it for all: to watch each request from its beginning would cost more than most requests.
        """
        async with anyio.create_task_group() as group:
            while True:
                await anyio.sleep(WATCHED_SECONDS)
                for exchange in list(self._open):
                    if exchange.is_to_be_watched():
                        group.start_soon(exchange.watch)
                    if exchange.events is not None and exchange.events.is_silent():
                        group.start_soon(exchange.events.ping)

    async def cut_after(self, grace: float) -> None:
        """Waits for `drain`, gives calls that time, then cuts what is left."""
        await self._draining.wait()
        await anyio.sleep(grace)
        for exchange in list(self._open):
            exchange.cut()
