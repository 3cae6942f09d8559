"""The one MCP URL and its two older neighbours: what each method means.

In: the exchange of a request. Out: its answer, from an engine, a stream, the page for people, or in a sentence. Only methods and
headers are judged here, never arguments.
"""

from __future__ import annotations

from starlette.responses import Response

from flintt_mcp.transports.http.accept import accept_of
from flintt_mcp.transports.http.body import Bodies
from flintt_mcp.transports.http.browser import to_the_pages, wants_page
from flintt_mcp.transports.http.engines import Engines
from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.json_responses import rpc_error
from flintt_mcp.transports.http.legacy_sse import LegacySse
from flintt_mcp.transports.http.options import HttpOptions

ALLOW = {"allow": "GET, HEAD, POST, DELETE, OPTIONS"}
NO_LEGACY_SSE = (
    "This server runs several workers, so the legacy SSE transport is off: its stream and its messages could reach different "
    "workers. Use Streamable HTTP: POST to the same URL"
)
_NO_SESSIONS = "This server keeps no sessions, so there is no stream to open; send each request with POST"
_NOT_ACCEPTABLE = "The Accept header must list application/json and, for streams, text/event-stream"


class Endpoint:
    """Serves /mcp, /sse and /messages/."""

    def __init__(self, engines: Engines, legacy: LegacySse, bodies: Bodies, options: HttpOptions) -> None:
        self._engines = engines
        self._legacy = legacy
        self._bodies = bodies
        self._options = options

    async def mcp(self, exchange: Exchange) -> None:
        """The MCP URL, every method."""
        found = exchange.found
        match exchange.scope["method"]:
            case "POST":
                await self._post(exchange)
            case "GET" if b"mcp-session-id" in found and self._options.stateless:
                await exchange.answer(rpc_error(405, _NO_SESSIONS, headers={"allow": "POST, OPTIONS"}))
            case "GET" if b"mcp-session-id" in found:
                await self._engines.listen(exchange)
            case "GET" if b"mcp-protocol-version" not in found and accept_of(exchange).names_events:
                await self.sse(exchange)
            case "DELETE" if b"mcp-session-id" in found and not self._options.stateless:
                await self._engines.end_session(exchange)
            case _:
                await exchange.answer(self._no_engine(exchange))

    async def sse(self, exchange: Exchange) -> None:
        """The legacy SSE stream, under its own name and under the MCP URL."""
        if exchange.scope["method"] != "GET":
            await exchange.answer(rpc_error(405, "The legacy SSE stream opens with GET", headers={"allow": "GET"}))
        elif self._options.stateless:
            await exchange.answer(rpc_error(405, NO_LEGACY_SSE, headers={"allow": "POST, OPTIONS"}))
        else:
            await self._legacy.open(exchange)

    async def messages(self, exchange: Exchange) -> None:
        """Where clients of a legacy SSE stream post."""
        if exchange.scope["method"] != "POST":
            await exchange.answer(rpc_error(405, "Messages are sent with POST", headers={"allow": "POST"}))
        elif self._options.stateless:
            await exchange.answer(rpc_error(405, NO_LEGACY_SSE, headers={"allow": ""}))
        else:
            stream = self._legacy.find(exchange.entry)
            if isinstance(stream, Response):
                await exchange.answer(stream)
            elif (message := await self._bodies.message(exchange)) is not None:
                await exchange.answer(await self._legacy.post(stream, message, exchange.scope))

    async def _post(self, exchange: Exchange) -> None:
        if not accept_of(exchange).json:
            await exchange.answer(rpc_error(406, _NOT_ACCEPTABLE))
        elif (message := await self._bodies.message(exchange)) is not None:
            await self._engines.answer(message, exchange)

    def _no_engine(self, exchange: Exchange) -> Response:
        """The answer where no protocol is spoken: the way to the pages for people, a sentence for programs."""
        method, found = exchange.scope["method"], exchange.found
        if method == "OPTIONS":
            return Response(status_code=204, headers=ALLOW)
        if method in ("GET", "HEAD") and b"mcp-protocol-version" not in found and wants_page(exchange):
            return to_the_pages(exchange)
        if method == "DELETE" and self._options.stateless:
            return rpc_error(405, "This server keeps no sessions, so there is none to end", headers=ALLOW)
        if method == "DELETE":
            return rpc_error(400, "The header Mcp-Session-Id names the session to end; it is missing")
        if method == "GET" and b"mcp-protocol-version" in found:
            return rpc_error(405, _NO_SESSIONS, headers=ALLOW)
        return rpc_error(
            405,
            "This is an MCP endpoint: POST JSON-RPC to it (Streamable HTTP), or GET with Accept: text/event-stream (legacy SSE)",
            headers=ALLOW,
        )
