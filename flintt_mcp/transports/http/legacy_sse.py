"""Legacy HTTP+SSE (revision 2024-11-05): one stream down, POSTs up, tied by an id in the URL.

In: a GET that opens a stream and POSTs that name it. Out: the SDK's `Server` run over the pair. The endpoint event carries
only the id, and POSTs to it come without a key, so the caller stays with the stream, in memory, and the id is as secret
as a key: nothing here logs it. The SDK's own transport does, which is one reason why this one exists.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.lowlevel import Server
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.envelope import Envelope
from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.gate import CALLER, Entry
from flintt_mcp.transports.http.json_responses import rpc_error
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


class _Stream:
    """One open stream: its caller, the way to the server, the ids being answered, and when it falls asleep for good."""

    def __init__(self, caller: Caller, user: AuthenticatedUser, idle_timeout: float) -> None:
        self.id = secrets.token_hex(16)
        self.caller = caller
        self.user = user
        self.running: set[str] = set()
        self.scope = anyio.CancelScope()
        self.ending = False
        self._idle_timeout = idle_timeout
        self.inbox, self.to_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self.outbox, self.from_server = anyio.create_memory_object_stream[SessionMessage](0)
        self.touch()

    def touch(self) -> None:
        """A message passed: the idle time begins again."""
        self.scope.deadline = anyio.current_time() + self._idle_timeout

    def end(self) -> None:
        """Ends the stream once nothing runs on it."""
        self.ending = True
        if not self.running:
            self.scope.cancel()

    def answered(self, id: types.RequestId | None) -> None:
        self.running.discard(str(id))
        if self.ending and not self.running:
            self.scope.cancel()

    async def settled(self, id: types.RequestId | None) -> None:
        """The SDK's word for a request that was cancelled: it gets no answer."""
        self.answered(id)

    def close(self) -> None:
        for end in (self.inbox, self.to_server, self.outbox, self.from_server):
            end.close()


class LegacySse:
    """Opens streams and hands posted messages to them."""

    def __init__(self, server: Server[Any], options: HttpOptions, streams: Streams) -> None:
        self._server = server
        self._idle_timeout = options.idle_timeout
        self._counted = streams
        self._streams: dict[str, _Stream] = {}

    async def open(self, exchange: Exchange) -> None:
        """Serves one stream until the client leaves, it falls idle or a shutdown ends it."""
        stream = _Stream(exchange.entry.caller, exchange.scope["user"], self._idle_timeout)
        try:
            await self._counted.serve(exchange, partial(self._serve, stream), stream.end)
        finally:
            self._streams.pop(stream.id, None)
            stream.close()

    async def _serve(self, stream: _Stream, exchange: Exchange) -> None:
        self._streams[stream.id] = stream
        await exchange.send(_START)
        await exchange.send(_event("endpoint", f"{quote(exchange.prefix)}{MESSAGES_PATH}?session_id={stream.id}"))
        try:
            with stream.scope:
                async with anyio.create_task_group() as group:
                    stop = group.cancel_scope.cancel
                    group.start_soon(_until_disconnect, exchange.receive, stop)
                    group.start_soon(_pump, stream.from_server, stream, exchange, stop)
                    group.start_soon(_ping, exchange)
                    group.start_soon(self._run, stream, stop)
        except* OSError:
            logger.debug("The client of a legacy SSE stream is gone")
        else:
            await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _run(self, stream: _Stream, stop: Callable[[], None]) -> None:
        try:
            await self._server.run(stream.to_server, stream.outbox, self._server.create_initialization_options())
        except Exception:
            logger.exception("A legacy SSE session failed inside the server")
        stop()

    def find(self, entry: Entry) -> _Stream | Response:
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

    async def post(self, stream: _Stream, message: Envelope, scope: Scope) -> Response:
        """Hands one message that is well formed to its stream. The answer to it comes down the stream."""
        if message.kind == "request":
            if str(message.id) in stream.running:
                return rpc_error(409, "A request with this id is still running in this session", id=message.id)
            stream.running.add(str(message.id))
        scope[CALLER] = replace(stream.caller, trace=scope[CALLER].trace)
        scope["user"] = stream.user
        stream.touch()
        parsed = types.jsonrpc_message_adapter.validate_json(message.body, by_name=False)
        metadata = ServerMessageMetadata(
            request_context=Request(scope), on_request_unanswered=partial(stream.settled, message.id)
        )
        try:
            await stream.inbox.send(SessionMessage(parsed, metadata=metadata))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            return rpc_error(404, "No such stream is open; connect again with GET")
        return Response(b"Accepted", 202, media_type="text/plain")


async def _pump(
    messages: MemoryObjectReceiveStream[SessionMessage], stream: _Stream, exchange: Exchange, stop: Callable[[], None]
) -> None:
    async for item in messages:
        message = item.message
        await exchange.send(_event("message", message.model_dump_json(by_alias=True, exclude_unset=True)))
        stream.touch()
        if isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            stream.answered(message.id)
    stop()


async def _ping(exchange: Exchange) -> None:
    while True:
        await anyio.sleep(PING_INTERVAL)
        await exchange.send({"type": "http.response.body", "body": b": ping\r\n\r\n", "more_body": True})


async def _until_disconnect(receive: Receive, stop: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stop()


def _event(name: str, data: str) -> dict[str, Any]:
    return {"type": "http.response.body", "body": f"event: {name}\r\ndata: {data}\r\n\r\n".encode(), "more_body": True}
