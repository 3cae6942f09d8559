"""The HTTP face: Streamable HTTP and legacy SSE on one URL, beside health routes and a help page.

In: what answers messages, the reader of credentials and the options. Out: one ASGI app, `HttpApp`. Order of layers: gate (keys
out, Host, Origin), CORS for pages, routes, endpoint. The server's `lifespan` must be the SDK's empty one, since nobody enters it;
what else the app stands on is opened before it and closed after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.server.lowlevel import Server
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from flintt_mcp.calls.caller import Credentials
from flintt_mcp.pages.site import Site
from flintt_mcp.transports.http.approve_page import PATH as APPROVE
from flintt_mcp.transports.http.approve_page import ApprovePage, Decisions
from flintt_mcp.transports.http.browser import Browsing
from flintt_mcp.transports.http.endpoint import Endpoint
from flintt_mcp.transports.http.exchanges.body import Bodies
from flintt_mcp.transports.http.exchanges.cors import for_pages
from flintt_mcp.transports.http.exchanges.exchange import Exchange, Exchanges
from flintt_mcp.transports.http.exchanges.gate import Entry, Gate
from flintt_mcp.transports.http.exchanges.json_responses import json_answer
from flintt_mcp.transports.http.exchanges.options import HttpOptions
from flintt_mcp.transports.http.exchanges.streams import Streams
from flintt_mcp.transports.http.exchanges.watched import Watched
from flintt_mcp.transports.http.health import PATHS as HEALTH_PATHS
from flintt_mcp.transports.http.health import Health, Reach
from flintt_mcp.transports.http.kernel import Kernel, ToolAnswer
from flintt_mcp.transports.http.legacy_calls import LegacyCalls
from flintt_mcp.transports.http.legacy_sse import LegacySse
from flintt_mcp.transports.http.posts import Posts
from flintt_mcp.transports.http.secret_page import PATH as SECRET
from flintt_mcp.transports.http.secret_page import Opening, SecretPage
from flintt_mcp.transports.http.session_streams import SessionStreams
from flintt_mcp.transports.http.sessions.sessions import Keeping, Sessions
from flintt_mcp.transports.http.status_page import PATHS as STATUS
from flintt_mcp.transports.http.status_page import Figures, StatusPage
from flintt_mcp.transports.http.wrong_tries import WrongTries

__all__ = ["DRAIN", "Answering", "Beside", "HttpApp", "HttpOptions", "Keeping"]

DRAIN = "flintt_mcp.drain"
"""Key of the lifespan state under which a web server finds `HttpApp.drain`."""
_ENTRY = "flintt_mcp.entry"
"""Key of an ASGI scope for the way from the gate to the routes; handlers do not find it there."""


async def _no_apis() -> Mapping[str, str | None]:
    return {}


def _always(tool: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers messages: the SDK's server, and what is known of its tools.

    `needs_stream` says of a tool whether its calls may show something before the result. `tool_answer` answers calls and
    lists of tools without the SDK's passes over the result.
    """

    server: Server[Any]
    needs_stream: Callable[[str], bool] = _always
    tool_answer: ToolAnswer | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the MCP endpoint.

    `decisions` is what people decide on the page below /approve/, `opening` hands out what waits below /secret/, `status` is what
    an operator sees at /status; `pages` makes all other pages. `reach` asks the APIs whether they answer. `closers` end open
    listeners when a shutdown begins. `keeping` is what sessions stand on. `extra_routes` see requests as they were sent, keys and
    all, behind the same Host and Origin check, where no page is.
    """

    reach: Reach = _no_apis
    metrics: Callable[[], bytes] = bytes
    extra_routes: Sequence[BaseRoute] = ()
    closers: Sequence[Callable[[], None]] = ()
    decisions: Decisions | None = None
    opening: Opening | None = None
    pages: Callable[[], Site] | None = None
    status: Figures | None = None
    keeping: Keeping = field(default_factory=Keeping)


class HttpApp:
    """The ASGI app. Serves one lifespan; build a new one to start again."""

    def __init__(
        self, answering: Answering, credentials: Credentials, options: HttpOptions, beside: Beside | None = None
    ) -> None:
        """Composes the app.

        Raises:
            ConfigError: an allowed host or origin is no exact entry.
        """
        beside = beside or Beside()
        self._options = options
        self._prefix = f"/{options.path_prefix.strip('/')}".rstrip("/")
        self._gate = Gate(credentials, options)
        self._exchanges = Exchanges()
        self._streams = Streams(options)
        self._bodies = Bodies(options)
        self._sessions = sessions = Sessions(beside.keeping)
        kernel = Kernel(answering.server, answering.tool_answer)
        calls = LegacyCalls(kernel, answering.needs_stream, sessions.running, sessions.questions)
        self._endpoint = Endpoint(
            Posts(kernel, answering.needs_stream, sessions, self._streams),
            SessionStreams(sessions, self._streams),
            LegacySse(calls, options, self._streams, beside.keeping.bus),
            self._bodies,
            options,
        )
        self._health = Health(beside.reach, beside.metrics, lambda: self._exchanges.draining)
        tries = WrongTries()  # of one secret, whichever page it is tried on
        self._approve = None if beside.decisions is None else ApprovePage(beside.decisions, tries)
        self._status = None if beside.status is None else StatusPage(beside.status, tries, lambda: self._streams.open)
        self._secret = None if beside.opening is None else SecretPage(beside.opening, WrongTries())
        self._pages = None if beside.pages is None else Browsing(beside.pages)
        self._closers = tuple(beside.closers)
        # Starlette runs the lifespan protocol; of requests it sees only those for extra routes.
        self._others = Router(beside.extra_routes, redirect_slashes=False, default=self._unknown, lifespan=self._live)
        self._for_pages = for_pages(self._exchange, options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope.setdefault("state", {})[DRAIN] = self.drain
            await self._others(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def drain(self) -> None:
        """A shutdown began: listeners and idle streams end now, running calls get `HttpOptions.grace` seconds.

        Called before the web server waits for its connections; a second call changes nothing.
        """
        if self._exchanges.draining:
            return
        for close in self._closers:
            close()
        self._exchanges.drain()
        self._streams.close()

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry = scope[_ENTRY] = self._gate.enter(scope)
        path, _ = self._path(scope)
        if path in HEALTH_PATHS:
            answer = await self._health.answer(scope["method"], path)
            await answer(scope, receive, send)
            return
        watched = Watched(entry.caller, entry.trace, send)
        try:
            await self._let_in(entry)(scope, receive, watched.send)
        finally:
            watched.ended(scope, path)

    def _let_in(self, entry: Entry) -> ASGIApp:
        """What answers a request: a refusal where it is not for this server."""
        stranger = self._gate.stranger(entry)
        if stranger is not None:
            return stranger
        return self._exchange if entry.origin is None else self._for_pages

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, prefix = self._path(scope)
        entry = scope.pop(_ENTRY)
        exchange = Exchange(scope, receive, send, entry, prefix)
        refusal = self._gate.refusal(entry)
        if refusal is not None:
            await exchange.answer(refusal)
            return
        match path:
            case "/mcp" | "/mcp/":
                await self._exchanges.run(exchange, self._endpoint.mcp)
            case "/sse" | "/sse/":
                await self._exchanges.run(exchange, self._endpoint.sse)
            case "/messages/" | "/messages":
                await self._exchanges.run(exchange, self._endpoint.messages)
            case _ if path.startswith(APPROVE) and self._approve is not None:
                await exchange.answer(await self._approve.answer(exchange, path.removeprefix(APPROVE)))
            case _ if path.startswith(SECRET) and self._secret is not None:
                await exchange.answer(await self._secret.answer(exchange, path.removeprefix(SECRET)))
            case _ if path in STATUS and self._status is not None:
                await exchange.answer(await self._status.answer(exchange, path))
            case _ if self._pages is not None and (page := self._pages.answer(exchange, path)) is not None:
                await exchange.answer(page)
            case _:
                as_sent = {**scope, "query_string": entry.query, "headers": entry.headers}
                await self._others(as_sent, receive, send)

    def _path(self, scope: Scope) -> tuple[str, str]:
        """The path inside this app, and the prefix under which clients see it."""
        path, root = scope["path"], scope.get("root_path", "").rstrip("/")
        if root and path.startswith(root):
            path = path[len(root) :]
        if self._prefix and (path == self._prefix or path.startswith(self._prefix + "/")):
            path = path[len(self._prefix) :]
        return path, self._prefix + root

    async def _unknown(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, prefix = self._path(scope)
        answer = json_answer({"error": f"There is nothing here. The MCP endpoint is {prefix}/mcp"}, 404)
        await answer(scope, receive, send)

    @asynccontextmanager
    async def _live(self, app: ASGIApp) -> AsyncIterator[None]:
        await self._sessions.load()
        async with anyio.create_task_group() as group:
            group.start_soon(self._bodies.cut_late)
            group.start_soon(self._exchanges.look_after)
            group.start_soon(self._exchanges.cut_after, self._options.grace)
            try:
                yield
            finally:
                self.drain()
                group.cancel_scope.cancel()
