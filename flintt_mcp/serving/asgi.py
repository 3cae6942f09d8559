"""The whole server as one ASGI app: what the app offers, behind the MCP endpoint and its neighbours.

In: settings and the environment. Out: an ASGI app that is opened when a web server starts it and closed when that one stops. It
binds no socket and prints nothing; a setting that cannot work is kept for whoever runs it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flintt_mcp import __version__
from flintt_mcp.app import Additions, App, open_app
from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.catalogue import APIS, TOOLSETS
from flintt_mcp.errors import ConfigError
from flintt_mcp.face.replies import ToolAnswers
from flintt_mcp.face.server import build_server, makes_spans
from flintt_mcp.face.tool_requests import tool_answers
from flintt_mcp.offers.handbook.documents import Handbook, default_folder
from flintt_mcp.offers.toolsets import OWN
from flintt_mcp.pages.site import Key, Shop, Site
from flintt_mcp.serving.figures import Doing
from flintt_mcp.serving.memory import settle_memory
from flintt_mcp.settings import WORKERS_FOLDER, Settings
from flintt_mcp.state.approval_secret import approval_secret
from flintt_mcp.transports.bus.bus import Bus, Hub
from flintt_mcp.transports.bus.sockets import Neighbours
from flintt_mcp.transports.http.app import Answering, Beside, HttpApp, HttpOptions, Keeping
from flintt_mcp.transports.http.approve_page import Decisions
from flintt_mcp.transports.http.exchanges.gate import sender_of
from flintt_mcp.transports.http.secret_page import Opening
from flintt_mcp.transports.http.status_page import Figures


class OpenedApp:
    """An ASGI app that is opened at start-up and closed at shutdown, with its own lifespan in between.

    `failure` is the setting that kept it from opening.
    """

    def __init__(self, open_: Callable[[], AbstractAsyncContextManager[ASGIApp]]) -> None:
        self._open = open_
        self._app: ASGIApp | None = None
        self.failure: ConfigError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        ended: list[Message] = []

        async def hold_the_end(message: Message) -> None:
            # Once the web server hears that the app is down it waits for nothing more: what the app stands on closes first.
            if message["type"].startswith("lifespan.shutdown."):
                ended.append(message)
            else:
                await send(message)

        async with AsyncExitStack() as stack:
            try:
                self._app = await stack.enter_async_context(self._open())
            except ConfigError as error:
                self.failure = error
                await send({"type": "lifespan.startup.failed", "message": f"flintt-mcp: {error.message}"})
                return
            settle_memory()
            await self._app(scope, receive, hold_the_end)
        for message in ended:
            await send(message)


def service(settings: Settings, env: Mapping[str, str], additions: Additions | None = None) -> OpenedApp:
    """The whole server as one ASGI app; tests add fixtures to it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ASGIApp]:
        async with (
            open_app(settings, env, additions, counted=True, at_work=True) as app,
            _bus(settings, env.get(WORKERS_FOLDER)) as bus,
        ):
            yield mcp_over_http(app, bus)

    return OpenedApp(opened)


@asynccontextmanager
async def _bus(settings: Settings, folder: str | None) -> AsyncIterator[Bus]:
    """The way to the other workers, if there are any.

    Raises:
        ConfigError: the system has no such way.
    """
    if settings.workers == 1 or folder is None:
        yield Hub().join()
        return
    neighbours = Neighbours(Path(folder))
    try:
        await neighbours.begin()
    except OSError as error:
        raise ConfigError(
            f"workers cannot reach each other over Unix sockets in {folder}: {error.strerror or error}",
            advice="run one worker, or set TMPDIR to a short path on a disk of this machine",
        ) from None
    async with neighbours.serving():
        yield neighbours


def mcp_over_http(app: App, bus: Bus | None = None) -> ASGIApp:
    """The MCP endpoint and its neighbours for an open app; `bus` leads to other workers that serve the same."""
    face = app.face(sender_of)
    server = build_server(face)
    # Somebody who set up OpenTelemetry wants to see every request pass the SDK's middleware.
    short = None if makes_spans(server) else partial(_tool_answer, tool_answers(face, server))
    return HttpApp(
        Answering(server, app.needs_stream, short),
        app.credentials,
        _options(app.settings),
        Beside(
            reach=app.reach,
            metrics=app.metrics.text,
            closers=(*app.additions.closers, face.end_listeners),
            decisions=_decisions(app),
            opening=Opening(app.secret_links.take, app.credentials.readers),
            pages=partial(_site, app),
            status=Figures(Doing(app).status, approval_secret(app.settings)),
            keeping=Keeping(app.keys.session, app.ended_sessions, bus or Hub().join(), app.settings.session_lifetime),
        ),
    )


def _decisions(app: App) -> Decisions:
    """What people decide on the page: about calls that wait, by their intent."""

    async def shown(id: str) -> str | None:
        intent = await app.approvals.waiting(id)
        return None if intent is None else intent.shown

    async def decide(id: str, approved: bool) -> bool:
        intent = await app.approvals.waiting(id)
        return intent is not None and await app.approvals.decide(intent, "page", approved=approved) is not None

    return Decisions(shown, decide, approval_secret(app.settings))


def _site(app: App) -> Site:
    """The pages for people, of what a caller without a key sees."""
    toolsets = {toolset.name: toolset.about for toolset in TOOLSETS} | OWN
    return Site(
        Shop(
            version=__version__,
            tools=app.inventory.visible_to(app.credentials.with_secrets({})),
            toolsets=toolsets,
            handbook=Handbook(default_folder()),
            keys={api.name: Key(api.own_header, api.sandbox_key if app.settings.sandbox else "") for api in APIS},
            has_status=bool(approval_secret(app.settings)),
        )
    )


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _options(settings: Settings) -> HttpOptions:
    return HttpOptions(
        host=settings.host,
        port=settings.port,
        allowed_hosts=settings.allowed_host,
        # Browsers name the page's own origin when they send its form.
        allowed_origins=(*settings.allowed_origin, _origin(settings.approve_url)),
        max_body_bytes=settings.body_limit,
        body_timeout=settings.body_timeout,
        max_streams=settings.streams,
        max_streams_per_caller=settings.streams_per_key,
        idle_timeout=settings.idle_timeout,
        path_prefix=settings.path_prefix,
        published_key=APIS[0].sandbox_key if settings.sandbox else "",
        key_headers=tuple(api.own_header for api in APIS),
        grace=settings.shutdown_grace,
    )


async def _tool_answer(
    answers: ToolAnswers, method: str, params: Mapping[str, Any], caller: Caller, version: str, client: str
) -> dict[str, Any] | None:
    """Answers a request that can show nothing on the way."""
    return await answers.answer(method, params, caller, QuietChannel("http", client=client), version)
