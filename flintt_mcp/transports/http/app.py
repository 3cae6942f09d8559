"""The HTTP face: Streamable HTTP and legacy SSE on one URL, beside health routes and a help page.

In: the SDK's `Server`, the reader of credentials and the options. Out: one ASGI app, `HttpApp`. Order of layers: gate (keys
out, Host, Origin), routes, endpoint (limits, one look at the body), the SDK's session managers. The server's `lifespan`
must be the SDK's empty one, since each manager enters it; what the app owns is opened once, by `lifespan` here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

import anyio
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.lowlevel import Server
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from flintt_mcp.calls.caller import Credentials
from flintt_mcp.transports.http import cors
from flintt_mcp.transports.http.direct import Plain
from flintt_mcp.transports.http.endpoint import Endpoint
from flintt_mcp.transports.http.exchange import Exchanges
from flintt_mcp.transports.http.gate import Entry, Gate
from flintt_mcp.transports.http.health import PATHS as HEALTH_PATHS
from flintt_mcp.transports.http.health import Health, Ready
from flintt_mcp.transports.http.help_page import help_page, wants_page
from flintt_mcp.transports.http.json_responses import json_answer
from flintt_mcp.transports.http.options import HttpOptions
from flintt_mcp.transports.http.quiet import without_session_ids

__all__ = ["DRAIN", "HttpApp", "HttpOptions", "http_app"]

DRAIN = "flintt_mcp.drain"
"""Key of the lifespan state under which a web server finds `HttpApp.drain`."""

Lifespan = Callable[[], AbstractAsyncContextManager[Any]]


async def _ready() -> str | None:
    return None


def http_app(
    server: Server[Any],
    credentials: Credentials,
    options: HttpOptions,
    *,
    needs_stream: Callable[[str], bool] = lambda name: True,
    plain: Plain | None = None,
    lifespan: Lifespan = nullcontext,
    ready: Ready = _ready,
    metrics: Callable[[], bytes] = bytes,
    extra_routes: Sequence[BaseRoute] = (),
    closers: Sequence[Callable[[], None]] = (),
) -> HttpApp:
    """Composes the app.

    `needs_stream` says of a tool whether its calls may show something before the result. `plain` answers plain requests
    without the SDK's kernel. `lifespan` opens what the app owns.
    `ready` gives None or the sentence why not. `closers` end open listeners when a shutdown begins. `extra_routes` see
    requests as they were sent, keys and all, behind the same Host and Origin check.

    Raises:
        ConfigError: an allowed host or origin is no exact entry.
    """
    exchanges = Exchanges(options)
    return HttpApp(
        gate=Gate(credentials, options),
        endpoint=Endpoint(server, options, exchanges, needs_stream, plain),
        health=Health(ready, metrics, lambda: exchanges.draining),
        exchanges=exchanges,
        options=options,
        lifespan=lifespan,
        extra_routes=extra_routes,
        closers=closers,
    )


class HttpApp:
    """The ASGI app. Serves one lifespan; build a new one to start again."""

    def __init__(
        self,
        *,
        gate: Gate,
        endpoint: Endpoint,
        health: Health,
        exchanges: Exchanges,
        options: HttpOptions,
        lifespan: Lifespan,
        extra_routes: Sequence[BaseRoute],
        closers: Sequence[Callable[[], None]],
    ) -> None:
        self._gate = gate
        self._endpoint = endpoint
        self._health = health
        self._exchanges = exchanges
        self._options = options
        self._prefix = "/" + options.path_prefix.strip("/") if options.path_prefix.strip("/") else ""
        self._lifespan = lifespan
        self._closers = tuple(closers)
        # Starlette runs the lifespan protocol; of requests it sees only those for extra routes.
        self._others = Router(extra_routes, redirect_slashes=False, default=self._unknown, lifespan=self._live)

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

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry = self._gate.enter(scope)
        path, prefix = self._path(scope)
        if path in HEALTH_PATHS:
            answer = await self._health.answer(scope["method"], path)
            await answer(scope, receive, send)
            return
        refusal = self._gate.refusal(scope, entry)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if entry.origin is not None:
            send = cors.readable_by(entry.origin, send)

        async def route(scope: Scope, receive: Receive, send: Send) -> None:
            await self._route(path, prefix, scope, receive, send, entry)

        # The SDK binds what it seals for a client to the user that this layer makes known.
        await AuthContextMiddleware(route)(scope, receive, send)

    async def _route(self, path: str, prefix: str, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        match path:
            case "/mcp" | "/mcp/":
                await self._endpoint.mcp(scope, receive, send, entry, prefix)
            case "/sse" | "/sse/":
                await self._endpoint.sse(scope, receive, send, entry, prefix)
            case "/messages/" | "/messages":
                await self._endpoint.messages(scope, receive, send, entry)
            case "/" | "" if scope["method"] in ("GET", "HEAD") and wants_page(entry):
                page = help_page(scope, entry, prefix, self._options)
                await page(scope, receive, send)
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
        answer: Response = json_answer({"error": f"There is nothing here. The MCP endpoint is {prefix}/mcp"}, 404)
        await answer(scope, receive, send)

    @asynccontextmanager
    async def _live(self, app: ASGIApp) -> AsyncIterator[None]:
        with without_session_ids():
            async with (
                self._lifespan(),
                self._endpoint.plain.run(),
                self._endpoint.sessions.run(),
                anyio.create_task_group() as group,
            ):
                group.start_soon(self._exchanges.cut_late_bodies)
                group.start_soon(self._exchanges.cut_after, self._options.grace)
                try:
                    yield
                finally:
                    self.drain()
                    group.cancel_scope.cancel()
