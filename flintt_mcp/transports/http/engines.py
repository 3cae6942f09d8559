"""Which engine answers a message that was posted.

In: one well-formed message and its exchange. Out: its answer. Most requests are answered directly with one JSON body; of the
SDK's two session managers over the same server the JSON one takes what needs the SDK's own wrapping, and the one with sessions
takes calls that show something on the way, and sessions. Arguments are never judged here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.responses import Response

from flintt_mcp.transports.envelope import Envelope
from flintt_mcp.transports.http.accept import accept_of
from flintt_mcp.transports.http.direct import DirectEngine, ToolAnswer
from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.json_responses import rpc_error
from flintt_mcp.transports.http.options import HttpOptions
from flintt_mcp.transports.http.sessions import CappedSessions
from flintt_mcp.transports.http.streams import Streams

_HANDSHAKE = frozenset(version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS)


def _always(tool: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers messages: the SDK's server, and what it is known of its tools.

    `needs_stream` says of a tool whether its calls may show something before the result. `tool_answer` answers calls and
    lists of tools without the SDK's passes over the result.
    """

    server: Server[Any]
    needs_stream: Callable[[str], bool] = _always
    tool_answer: ToolAnswer | None = None


class Engines:
    """The engines over one server."""

    def __init__(self, answering: Answering, options: HttpOptions, streams: Streams) -> None:
        self._needs_stream = answering.needs_stream
        self._stateless = options.stateless
        self._streams = streams
        self._direct = DirectEngine(answering.server, answering.tool_answer)
        self._sessions = CappedSessions(answering.server, options)
        self._json = StreamableHTTPSessionManager(
            answering.server, json_response=True, stateless=True, max_request_body_size=options.max_body_bytes
        )

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Keeps the SDK's managers open."""
        async with self._json.run(), self._sessions.run():
            yield

    async def answer(self, message: Envelope, exchange: Exchange) -> None:
        """Answers one message."""
        engine = self._engine(message, exchange)
        # At 2026-07-28 a client cancels by closing its response; before, closing means nothing. With events the SDK sees to it.
        exchange.ends_with_client = engine is self._json and _is_modern(exchange)
        if isinstance(engine, Response):
            await exchange.answer(engine)
        elif engine is self._json and message.whole is not None and await self._direct.answer(message.whole, exchange):
            return
        elif message.method == "subscriptions/listen":
            await self._streams.serve(exchange, partial(_serve, engine))
        elif engine is self._sessions and not self._stateless and not _is_modern(exchange):
            await self._sessions.answer(message, exchange)
        else:
            await _serve(engine, exchange)

    async def listen(self, exchange: Exchange) -> None:
        """The stream of a session on which the server speaks first."""
        await self._streams.serve(exchange, partial(_serve, self._sessions), exchange.cut)

    async def end_session(self, exchange: Exchange) -> None:
        """Ends the session that the request names."""
        await _serve(self._sessions, exchange)

    def _engine(self, message: Envelope, exchange: Exchange) -> StreamableHTTPSessionManager | Response:
        takes_events = accept_of(exchange).events
        session = b"mcp-session-id" in exchange.found
        if not _is_modern(exchange) and not self._stateless and (session or takes_events):
            if not takes_events:
                return rpc_error(406, "In a session the Accept header must list application/json and text/event-stream")
            if not session and message.method != "initialize":
                return rpc_error(400, "Bad Request: Missing session ID; send initialize first", id=message.id)
            return self._sessions
        if message.method == "subscriptions/listen" and not takes_events:
            return rpc_error(406, "subscriptions/listen answers with a stream: Accept must list text/event-stream")
        shows = message.can_stream or (message.tool is not None and self._needs_stream(message.tool))
        return self._sessions if shows and takes_events else self._json


async def _serve(engine: StreamableHTTPSessionManager, exchange: Exchange) -> None:
    await engine.handle_request(exchange.scope, exchange.receive, exchange.send)


def _is_modern(exchange: Exchange) -> bool:
    """Whether the SDK serves this request by itself, without handshake or session (revision 2026-07-28 or unknown)."""
    version = exchange.found.get(b"mcp-protocol-version")
    return version is not None and version not in _HANDSHAKE
