"""The one MCP URL: what a GET means, and which engine answers a POST.

In: a cleaned scope and its `Entry`. Out: the answer of one of two session managers of the SDK over the same server. The
JSON engine has no way back to the client but the result and is faster; the stream engine is for calls that show something
on the way, and for sessions. Only methods and headers are judged here, never arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from flintt_mcp.transports.envelope import Envelope, Malformed, read_envelope
from flintt_mcp.transports.http.body import is_json, read_body, replay
from flintt_mcp.transports.http.direct import DirectEngine, Plain
from flintt_mcp.transports.http.exchange import Exchange, Exchanges
from flintt_mcp.transports.http.gate import Entry
from flintt_mcp.transports.http.help_page import help_page, wants_page
from flintt_mcp.transports.http.json_responses import rpc_error
from flintt_mcp.transports.http.legacy_sse import LegacySse
from flintt_mcp.transports.http.options import HttpOptions
from flintt_mcp.transports.http.sessions import CappedSessions, SessionsFull, opener

ALLOW = {"allow": "GET, HEAD, POST, DELETE, OPTIONS"}
NO_LEGACY_SSE = (
    "This server runs several workers, so the legacy SSE transport is off: its stream and its messages could reach different "
    "workers. Use Streamable HTTP: POST to the same URL"
)
_NO_SESSIONS = "This server keeps no sessions, so there is no stream to open; send each request with POST"
_NOT_ACCEPTABLE = "The Accept header must list application/json and, for streams, text/event-stream"
_MAX_ACCEPT = 1024
_HANDSHAKE = frozenset(version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS)


class Endpoint:
    """Serves /mcp, /sse and /messages/."""

    def __init__(
        self,
        server: Server[Any],
        options: HttpOptions,
        exchanges: Exchanges,
        needs_stream: Callable[[str], bool],
        plain: Plain | None = None,
    ) -> None:
        self._options = options
        self._exchanges = exchanges
        self._needs_stream = needs_stream
        self._legacy = LegacySse(server, options, exchanges)
        self.sessions = CappedSessions(server, options)
        self._direct = DirectEngine(server, plain)
        self.plain = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, max_request_body_size=options.max_body_bytes
        )

    async def mcp(self, scope: Scope, receive: Receive, send: Send, entry: Entry, prefix: str) -> None:
        """The MCP URL, every method."""
        match scope["method"]:
            case "POST":
                await self._post(scope, receive, send, entry)
            case "GET" if b"mcp-session-id" in entry.found:
                await self._listen(scope, receive, send, entry)
            case "GET" if b"mcp-protocol-version" not in entry.found and _accept_of(entry).names_events:
                await self.sse(scope, receive, send, entry, prefix)
            case "DELETE" if b"mcp-session-id" in entry.found and not self._options.stateless:
                await self.sessions.handle_request(scope, receive, send)
            case _:
                await self._no_engine(scope, entry, prefix)(scope, receive, send)

    async def sse(self, scope: Scope, receive: Receive, send: Send, entry: Entry, prefix: str) -> None:
        """The legacy SSE stream, under its own name and under the MCP URL."""
        if scope["method"] != "GET":
            answer = rpc_error(405, "The legacy SSE stream opens with GET", headers={"allow": "GET"})
            await answer(scope, receive, send)
        elif self._options.stateless:
            await rpc_error(405, NO_LEGACY_SSE, headers={"allow": "POST, OPTIONS"})(scope, receive, send)
        else:
            await self._legacy.open(scope, receive, send, entry, prefix)

    async def messages(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        """Where clients of a legacy SSE stream post."""
        if scope["method"] != "POST":
            await rpc_error(405, "Messages are sent with POST", headers={"allow": "POST"})(scope, receive, send)
            return
        if self._options.stateless:
            await rpc_error(405, NO_LEGACY_SSE, headers={"allow": ""})(scope, receive, send)
            return

        async def handle(exchange: Exchange) -> None:
            stream = self._legacy.find(entry)
            if isinstance(stream, Response):
                await stream(scope, receive, exchange.send)
                return
            took = await self._take(scope, receive, exchange, entry)
            if took is not None:
                answer = await self._legacy.post(stream, *took, scope)
                await answer(scope, receive, exchange.send)

        await self._exchanges.run(handle, scope, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        async def handle(exchange: Exchange) -> None:
            if not _accept_of(entry).json:
                await rpc_error(406, _NOT_ACCEPTABLE)(scope, receive, exchange.send)
                return
            took = await self._take(scope, receive, exchange, entry)
            if took is not None:
                await self._answer(took[0], scope, replay(took[1], receive), exchange, entry)

        await self._exchanges.run(handle, scope, send)

    async def _take(
        self, scope: Scope, receive: Receive, exchange: Exchange, entry: Entry
    ) -> tuple[Envelope, bytes] | None:
        """The message of a POST, or None when it has been refused."""
        if not is_json(entry.found):
            answer = rpc_error(415, "The Content-Type must be application/json")
            await answer(scope, receive, exchange.send)
            return None
        reading = read_body(receive, entry.found, self._options.max_body_bytes)
        body = await self._exchanges.in_time(exchange, reading)
        if body is None:
            return None
        if isinstance(body, Response):
            await body(scope, receive, exchange.send)
            return None
        message = read_envelope(body)
        if isinstance(message, Malformed):
            answer = rpc_error(400, message.message, code=message.code, id=message.id)
            await answer(scope, receive, exchange.send)
            return None
        exchange.id = message.id
        return message, body

    async def _answer(
        self, message: Envelope, scope: Scope, receive: Receive, exchange: Exchange, entry: Entry
    ) -> None:
        engine = self._engine(message, entry)
        session = entry.found.get(b"mcp-session-id")
        if isinstance(engine, Response):
            await engine(scope, receive, exchange.send)
        elif engine is self.plain and await self._answer_directly(message, scope, receive, exchange, entry):
            return
        elif message.method == "subscriptions/listen":
            await self._subscribe(engine, scope, receive, exchange, entry)
        elif engine is not self.sessions or self._options.stateless or _is_modern(entry):
            await engine.handle_request(scope, receive, exchange.send)
        elif session is None:
            await self._open_session(scope, receive, exchange, entry)
        else:
            await self._in_session(session.decode("latin-1"), message, scope, receive, exchange)

    async def _answer_directly(
        self, message: Envelope, scope: Scope, receive: Receive, exchange: Exchange, entry: Entry
    ) -> bool:
        if message.whole is None:
            return False
        return await self._direct.answer(message.whole, scope, receive, exchange.send, entry.found)

    def _engine(self, message: Envelope, entry: Entry) -> StreamableHTTPSessionManager | Response:
        takes_events = _accept_of(entry).events
        session = b"mcp-session-id" in entry.found
        if not _is_modern(entry) and not self._options.stateless and (session or takes_events):
            if not takes_events:
                return rpc_error(406, "In a session the Accept header must list application/json and text/event-stream")
            if not session and message.method != "initialize":
                return rpc_error(400, "Bad Request: Missing session ID; send initialize first", id=message.id)
            return self.sessions
        if message.method == "subscriptions/listen" and not takes_events:
            return rpc_error(406, "subscriptions/listen answers with a stream: Accept must list text/event-stream")
        shows = message.can_stream or (message.tool is not None and self._needs_stream(message.tool))
        return self.sessions if shows and takes_events else self.plain

    async def _open_session(self, scope: Scope, receive: Receive, exchange: Exchange, entry: Entry) -> None:
        token = opener.set(entry.who)
        try:
            await self.sessions.handle_request(scope, receive, exchange.send)
        except SessionsFull as full:
            answer = rpc_error(503, str(full), headers={"retry-after": "60"})
            await answer(scope, receive, exchange.send)
        finally:
            opener.reset(token)

    async def _in_session(
        self, session: str, message: Envelope, scope: Scope, receive: Receive, exchange: Exchange
    ) -> None:
        if message.kind != "request" or message.id is None:
            await self.sessions.handle_request(scope, receive, exchange.send)
        elif not self.sessions.claim(session, message.id):
            answer = rpc_error(409, "A request with this id is still running in this session", id=message.id)
            await answer(scope, receive, exchange.send)
        else:
            try:
                await self.sessions.handle_request(scope, receive, exchange.send)
            finally:
                self.sessions.release(session, message.id, collected=exchange.finished)

    async def _subscribe(
        self,
        engine: StreamableHTTPSessionManager,
        scope: Scope,
        receive: Receive,
        exchange: Exchange,
        entry: Entry,
    ) -> None:
        full = self._exchanges.full(entry.who)
        if full is not None:
            await full(scope, receive, exchange.send)
            return
        with self._exchanges.stream(entry.who):
            await engine.handle_request(scope, receive, exchange.send)

    async def _listen(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        """The stream of a session on which the server speaks first."""
        if self._options.stateless:
            await rpc_error(405, _NO_SESSIONS, headers={"allow": "POST, OPTIONS"})(scope, receive, send)
            return
        full = self._exchanges.full(entry.who)
        if full is not None:
            await full(scope, receive, send)
            return

        async def handle(exchange: Exchange) -> None:
            with self._exchanges.stream(entry.who, exchange.scope.cancel):
                await self.sessions.handle_request(scope, receive, exchange.send)

        await self._exchanges.run(handle, scope, send)

    def _no_engine(self, scope: Scope, entry: Entry, prefix: str) -> Response:
        """The answer where no protocol is spoken: a page for people, a sentence for programs."""
        method, found = scope["method"], entry.found
        if method == "OPTIONS":
            return Response(status_code=204, headers=ALLOW)
        if method in ("GET", "HEAD") and b"mcp-protocol-version" not in found and wants_page(entry):
            return help_page(scope, entry, prefix, self._options)
        if method == "DELETE":
            if self._options.stateless:
                return rpc_error(405, "This server keeps no sessions, so there is none to end", headers=ALLOW)
            return rpc_error(400, "The header Mcp-Session-Id names the session to end; it is missing")
        if method == "GET" and b"mcp-protocol-version" in found:
            return rpc_error(405, _NO_SESSIONS, headers=ALLOW)
        return rpc_error(
            405,
            "This is an MCP endpoint: POST JSON-RPC to it (Streamable HTTP), or GET with Accept: text/event-stream (legacy SSE)",
            headers=ALLOW,
        )


def _is_modern(entry: Entry) -> bool:
    """Whether the SDK serves this request by itself, without handshake or session (revision 2026-07-28 or unknown)."""
    version = entry.found.get(b"mcp-protocol-version")
    return version is not None and version not in _HANDSHAKE


class _Accept(NamedTuple):
    json: bool
    events: bool
    names_events: bool


@lru_cache(maxsize=128)
def _accept(header: bytes) -> _Accept:
    """What an Accept header takes, wildcards included, and whether it names the event stream itself."""
    kinds = {part.split(b";", 1)[0].strip() for part in header.lower().split(b",")}
    names_events = b"text/event-stream" in kinds
    anything = b"*/*" in kinds
    return _Accept(
        json=anything or bool(kinds & {b"application/json", b"application/*"}),
        events=anything or names_events or b"text/*" in kinds,
        names_events=names_events,
    )


def _accept_of(entry: Entry) -> _Accept:
    return _accept(entry.found.get(b"accept", b"")[:_MAX_ACCEPT])
