"""The one MCP URL and its two older neighbours: what each method means.

In: the exchange of a request. Out: its answer, to what was posted, a stream, the page for people, or in a sentence. Only methods
and headers are judged here, never arguments.
"""

from __future__ import annotations

from starlette.responses import Response

from flintt_mcp.transports.envelope import RequestId
from flintt_mcp.transports.http.browser import to_the_pages, wants_page
from flintt_mcp.transports.http.exchanges.accept import accept_of
from flintt_mcp.transports.http.exchanges.body import Bodies
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.exchanges.json_responses import rpc_error
from flintt_mcp.transports.http.exchanges.options import HttpOptions
from flintt_mcp.transports.http.legacy_sse import ACCEPTED, LegacySse, Taken
from flintt_mcp.transports.http.modern import is_modern
from flintt_mcp.transports.http.posts import Posts
from flintt_mcp.transports.http.session_streams import SESSION_HEADER, SessionStreams

ALLOW = {"allow": "GET, HEAD, POST, DELETE, OPTIONS"}
_NO_SESSIONS = (
    "From 2026-07-28 on there are no sessions: nothing to listen on and nothing to end; send each request with POST"
)
_NOTHING_TO_HEAR = "Without a session there is no stream to listen on; send each request with POST"
_NOT_ACCEPTABLE = "The Accept header must list application/json and, for streams, text/event-stream"


def _told(taken: Taken, id: RequestId | None) -> Response:
    """What a client of the legacy transport is told of its message."""
    if taken == ACCEPTED:
        return Response(taken.sentence, taken.status, media_type="text/plain")
    later = {"retry-after": "1"} if taken.status == 429 else None
    return rpc_error(taken.status, taken.sentence, id=id, headers=later)


class Endpoint:
    """Serves /mcp, /sse and /messages/."""

    def __init__(
        self, posts: Posts, streams: SessionStreams, legacy: LegacySse, bodies: Bodies, options: HttpOptions
    ) -> None:
        self._posts = posts
        self._streams = streams
        self._legacy = legacy
        self._bodies = bodies
        self._options = options

    async def mcp(self, exchange: Exchange) -> None:
        """The MCP URL, every method."""
        found = exchange.found
        match exchange.scope["method"]:
            case "POST":
                await self._post(exchange)
            case "GET" | "DELETE" if is_modern(found):
                await exchange.answer(rpc_error(405, _NO_SESSIONS, headers=ALLOW))
            case "GET" if SESSION_HEADER in found:
                await self._streams.listen(exchange)
            case "GET" if b"mcp-protocol-version" not in found and accept_of(exchange).names_events:
                await self.sse(exchange)
            case "DELETE" if SESSION_HEADER in found:
                await self._streams.end(exchange)
            case _:
                await exchange.answer(self._no_engine(exchange))

    async def sse(self, exchange: Exchange) -> None:
        """The legacy SSE stream, under its own name and under the MCP URL."""
        if exchange.scope["method"] != "GET":
            await exchange.answer(rpc_error(405, "The legacy SSE stream opens with GET", headers={"allow": "GET"}))
        else:
            await self._legacy.open(exchange)

    async def messages(self, exchange: Exchange) -> None:
        """Where clients of a legacy SSE stream post."""
        if exchange.scope["method"] != "POST":
            await exchange.answer(rpc_error(405, "Messages are sent with POST", headers={"allow": "POST"}))
        else:
            taken = self._legacy.refusal(exchange.entry)
            if taken is None and (message := await self._bodies.message(exchange)) is not None:
                taken = await self._legacy.post(exchange.entry, message)
            if taken is not None:
                await exchange.answer(_told(taken, exchange.id))

    async def _post(self, exchange: Exchange) -> None:
        if not accept_of(exchange).json:
            await exchange.answer(rpc_error(406, _NOT_ACCEPTABLE))
        elif (message := await self._bodies.message(exchange)) is not None:
            await self._posts.answer(message, exchange)

    def _no_engine(self, exchange: Exchange) -> Response:
        """The answer where no protocol is spoken: the way to the pages for people, a sentence for programs."""
        method, found = exchange.scope["method"], exchange.found
        if method == "OPTIONS":
            return Response(status_code=204, headers=ALLOW)
        if method in ("GET", "HEAD") and b"mcp-protocol-version" not in found and wants_page(exchange):
            return to_the_pages(exchange)
        if method == "DELETE":
            return rpc_error(400, "The header Mcp-Session-Id names the session to end; it is missing")
        if method == "GET" and b"mcp-protocol-version" in found:
            return rpc_error(405, _NOTHING_TO_HEAR, headers=ALLOW)
        return rpc_error(
            405,
            "This is an MCP endpoint: POST JSON-RPC to it (Streamable HTTP), or GET with Accept: text/event-stream (legacy SSE)",
            headers=ALLOW,
        )
