"""Legacy HTTP+SSE (revision 2024-11-05): one stream down, POSTs up, tied by an id in the URL.

In: a GET that opens a stream and POSTs that name it, in whichever worker they arrive. Out: answers as events on the stream. The
endpoint event carries only the id, and POSTs to it come without a key, so the caller stays with the stream, in memory, and the id
is as secret as a key: nothing here logs it.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

import anyio
import msgspec

from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.narrowing import Narrowing
from flintt_mcp.calls.trace import Trace
from flintt_mcp.transports.bus.bus import Bus
from flintt_mcp.transports.envelope import Envelope, Malformed, read_envelope
from flintt_mcp.transports.http.exchanges.events import EventStream
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.exchanges.gate import Entry
from flintt_mcp.transports.http.exchanges.options import HttpOptions
from flintt_mcp.transports.http.exchanges.streams import Streams
from flintt_mcp.transports.http.legacy_calls import LegacyCalls
from flintt_mcp.transports.http.legacy_stream import LegacyStream

MESSAGES_PATH = "/messages/"
_TOPIC = "legacy message"


class Taken(NamedTuple):
    """What a client is told of a message that it posted."""

    status: int
    sentence: str


ACCEPTED = Taken(202, "Accepted")
NOT_OPEN = Taken(404, "No such stream is open; connect again with GET")
_NO_ID = Taken(400, "The query parameter session_id of the endpoint event is missing")
_RUNNING = Taken(409, "A request with this id is still running in this session")
_UNREAD = Taken(
    429, "Too many answers of this stream have not been read; nothing was done. Read the stream, then send it again"
)


class LegacySse:
    """Opens streams and hands posted messages to them."""

    def __init__(self, calls: LegacyCalls, options: HttpOptions, streams: Streams, bus: Bus) -> None:
        self._calls = calls
        self._idle_timeout = options.idle_timeout
        self._counted = streams
        self._bus = bus
        self._streams: dict[str, LegacyStream] = {}
        bus.serve(_TOPIC, self._take_posted)

    async def open(self, exchange: Exchange) -> None:
        """Serves one stream until the client leaves, it falls idle or a shutdown ends it."""
        id = f"{self._bus.name}-{secrets.token_hex(16)}"
        stream = LegacyStream(id, exchange.entry.caller, exchange.scope["user"], self._idle_timeout)
        await self._counted.serve(exchange, partial(self._serve, stream), stream.end)

    async def _serve(self, stream: LegacyStream, exchange: Exchange) -> None:
        exchange.ends_with_client = True
        stream.events = exchange.events = EventStream(exchange)
        self._streams[stream.id] = stream
        endpoint = f"{quote(exchange.prefix)}{MESSAGES_PATH}?session_id={stream.id}"
        try:
            await stream.events.put(f"event: endpoint\r\ndata: {endpoint}\r\n\r\n".encode())
            async with anyio.create_task_group() as stream.group:
                with stream.scope:
                    await anyio.sleep_forever()
                stream.group.cancel_scope.cancel()
        finally:
            del self._streams[stream.id]
        await exchange.send({"type": "http.response.body", "body": b""})

    def refusal(self, entry: Entry) -> Taken | None:
        """Why a POST cannot be meant for any stream, before its body is read."""
        if not entry.stream_id:
            return _NO_ID
        worker = entry.stream_id.partition("-")[0]
        if worker == self._bus.name:
            return NOT_OPEN if self._open_stream(entry.stream_id, _key_of(entry)) is None else None
        return None if self._bus.reaches(worker) else NOT_OPEN

    async def post(self, entry: Entry, message: Envelope) -> Taken:
        """Hands one message that is well formed to its stream. The answer to it comes down the stream."""
        id = entry.stream_id or ""
        worker = id.partition("-")[0]
        if worker == self._bus.name:
            return self._take(id, _key_of(entry), entry.caller, message)
        trace = [entry.trace.id, entry.trace.parent, entry.trace.address]
        narrowing = msgspec.to_builtins(entry.caller.narrowing)
        answer = await self._bus.ask(worker, _TOPIC, [id, _key_of(entry), trace, narrowing, message.body])
        return NOT_OPEN if answer is None else Taken(*answer)

    async def _take_posted(self, posted: Any) -> Taken:
        id, key, trace, narrowing, body = posted
        message = read_envelope(body)
        request = Caller("", narrowing=msgspec.convert(narrowing, Narrowing | None), trace=Trace(*trace))
        return NOT_OPEN if isinstance(message, Malformed) else self._take(id, key, request, message)

    def _take(self, id: str, key: str, request: Caller, message: Envelope) -> Taken:
        stream = self._open_stream(id, key)
        if stream is None or stream.group is None:
            return NOT_OPEN
        stream.touch()
        if message.kind != "request":
            self._calls.note(stream, message)
            return ACCEPTED
        if stream.is_full():
            return _UNREAD
        call = self._calls.begin(stream, message, stream.caller.sent_by(request))
        if call is None:
            return _RUNNING
        stream.group.start_soon(call.run)
        return ACCEPTED

    def _open_stream(self, id: str, key: str) -> LegacyStream | None:
        """The stream of that id. One who comes without a key counts as its caller; with another key it does not exist."""
        stream = self._streams.get(id)
        if stream is None or stream.ending or (key and key != stream.caller.principal):
            return None
        return stream


def _key_of(entry: Entry) -> str:
    """The principal of a POST with a key, empty for one without."""
    return entry.caller.principal if entry.caller.secrets else ""
