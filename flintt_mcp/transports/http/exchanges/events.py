"""An answer that may become a stream of events: it is one as soon as there is something to show before its end.

In: JSON-RPC messages of one request, the last of which answers it. Out: that answer alone as JSON, or events in the form of the
wire. What goes out goes in the order in which it came, also beside pings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import anyio
import msgspec
from starlette.types import Message

PING_SECONDS = 15.0
"""After so long without an event a stream shows that it lives: proxies close what is silent for a minute."""
_HEAD: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-cache, no-store, no-transform"),
        (b"x-accel-buffering", b"no"),
    ],
}
_PING = b": ping\r\n\r\n"
_encode = msgspec.json.Encoder().encode


class Sink(Protocol):
    """Where parts of an answer go."""

    started: bool
    finished: bool

    async def send(self, message: Message) -> None: ...


class EventStream:
    """The answer to one request; `is_open` says that it has become a stream."""

    __slots__ = ("_last", "_sink", "_turn", "headers")

    def __init__(self, sink: Sink) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self._sink = sink
        self._turn = anyio.Lock()
        self._last = anyio.current_time()

    @property
    def is_open(self) -> bool:
        return self._sink.started

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Shows one message ahead of the answer."""
        await self.put(event_of(message))

    async def open(self) -> None:
        """Begins the stream before there is anything to show."""
        await self.put(_PING)

    async def end(self, answer: Mapping[str, Any], status: int) -> None:
        """Answers the request: as the last event, or as JSON under that HTTP status where nothing was shown."""
        async with self._turn:
            if self.is_open:
                await self._sink.send({"type": "http.response.body", "body": event_of(answer)})
            else:
                await send_json(self._sink, answer, status, self.headers)

    def is_silent(self) -> bool:
        """Whether it is time for a ping; true once in a while."""
        silent = anyio.current_time() - self._last >= PING_SECONDS and not self._sink.finished
        if silent:
            self._last = anyio.current_time()
        return silent

    async def ping(self) -> None:
        """Shows that the stream lives."""
        if not self._sink.finished:
            await self.put(_PING)

    async def put(self, event: bytes, before: Callable[[], None] | None = None) -> None:
        """Sends one event as it stands; `before` is called when its turn has come."""
        async with self._turn:
            if before is not None:
                before()
            if self._sink.finished:
                return
            self._last = anyio.current_time()
            if not self.is_open:
                await self._sink.send(_HEAD)
            await self._sink.send({"type": "http.response.body", "body": event, "more_body": True})


async def send_json(
    sink: Sink, answer: Mapping[str, Any], status: int, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """A whole answer as JSON."""
    body = _encode(answer)
    told = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *(headers or ())]
    await sink.send({"type": "http.response.start", "status": status, "headers": told})
    await sink.send({"type": "http.response.body", "body": body})


def event_of(message: Mapping[str, Any]) -> bytes:
    """A message as an event."""
    return b"event: message\r\ndata: " + _encode(message) + b"\r\n\r\n"
