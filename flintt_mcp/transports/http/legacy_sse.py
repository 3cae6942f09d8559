"""Legacy HTTP+SSE (revision 2024-11-05): one stream down, POSTs up, tied by an id in the URL.

In: a GET that opens a stream and POSTs that name it. Out: the SDK's `Server` run over the pair. The endpoint event carries
only the id, and POSTs to it come without a key, so the caller stays with the stream, in memory, and the id is as secret
as a key: nothing here logs it. The SDK's own transport does, which is one reason why this one exists.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from flintt_mcp.transports.envelope import Envelope
from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.gate import CALLER, Entry
from flintt_mcp.transports.http.json_responses import rpc_error
from flintt_mcp.transports.http.legacy_stream import Event, LegacyStream, event_data
from flintt_mcp.transports.http.options import HttpOptions
from flintt_mcp.transports.http.streams import Streams

logger = logging.getLogger(__name__)

MESSAGES_PATH = "/messages/"
PING_INTERVAL = 15.0

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache, no-store, no-transform"),
        (b"x-accel-buffering", b"no"),
    ],
}


class LegacySse:
    """Opens streams and hands posted messages to them."""

    def __init__(self, server: Server[Any], options: HttpOptions, streams: Streams) -> None:
        self._server = server
        self._idle_timeout = options.idle_timeout
        self._counted = streams
        self._streams: dict[str, LegacyStream] = {}

    async def open(self, exchange: Exchange) -> None:
        """Serves one stream until the client leaves, it falls idle or a shutdown ends it."""
        stream = LegacyStream(exchange.entry.caller, exchange.scope["user"], self._idle_timeout)
        try:
            await self._counted.serve(exchange, partial(self._serve, stream), stream.end)
        finally:
            self._streams.pop(stream.id, None)
            stream.close()

    async def _serve(self, stream: LegacyStream, exchange: Exchange) -> None:
        self._streams[stream.id] = stream
        await exchange.send(_START)
        endpoint = f"{quote(exchange.prefix)}{MESSAGES_PATH}?session_id={stream.id}"
        await exchange.send(Event(event_data("endpoint", endpoint)).part)
        try:
            with stream.scope:
                async with anyio.create_task_group() as group:
                    stop = group.cancel_scope.cancel
                    group.start_soon(_until_disconnect, exchange.receive, stop)
                    group.start_soon(_pump, stream, exchange, stop)
                    group.start_soon(_ping, exchange)
                    group.start_soon(self._run, stream, stop)
        except* OSError:
            logger.debug("The client of a legacy SSE stream is gone")
        else:
            await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _run(self, stream: LegacyStream, stop: Callable[[], None]) -> None:
        try:
            await self._server.run(stream.to_server, stream, self._server.create_initialization_options())
        except Exception:
            logger.exception("A legacy SSE session failed inside the server")
        stop()

    def find(self, entry: Entry) -> LegacyStream | Response:
        """The stream a POST belongs to, or the answer that refuses it.

        A POST without a key counts as the stream's caller. One with another key is told the same as for an unknown id.
        """
        if not entry.stream_id:
            return rpc_error(400, "The query parameter session_id of the endpoint event is missing")
        stream = self._streams.get(entry.stream_id)
        foreign = stream is not None and entry.caller.secrets and entry.caller.principal != stream.caller.principal
        if stream is None or foreign or stream.ending:
            return rpc_error(404, "No such stream is open; connect again with GET")
        return stream

    async def post(self, stream: LegacyStream, message: Envelope, scope: Scope) -> Response:
        """Hands one message that is well formed to its stream. The answer to it comes down the stream."""
        id = message.id if message.kind == "request" else None
        if id is not None and (refusal := stream.begin(id)) is not None:
            return refusal
        scope[CALLER] = replace(stream.caller, trace=scope[CALLER].trace)
        scope["user"] = stream.user
        stream.touch()
        metadata = ServerMessageMetadata(
            request_context=Request(scope), on_request_unanswered=None if id is None else partial(stream.unanswered, id)
        )
        parsed = types.jsonrpc_message_adapter.validate_json(message.body, by_name=False)
        try:
            await stream.inbox.send(SessionMessage(parsed, metadata=metadata))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            return rpc_error(404, "No such stream is open; connect again with GET")
        return Response(b"Accepted", 202, media_type="text/plain")


async def _pump(stream: LegacyStream, exchange: Exchange, stop: Callable[[], None]) -> None:
    async for event in stream.events:
        stream.answering(event)
        await exchange.send(event.part)
        stream.sent(event)
    stop()


async def _ping(exchange: Exchange) -> None:
    while True:
        await anyio.sleep(PING_INTERVAL)
        await exchange.send({"type": "http.response.body", "body": b": ping\r\n\r\n", "more_body": True})


async def _until_disconnect(receive: Receive, stop: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stop()
