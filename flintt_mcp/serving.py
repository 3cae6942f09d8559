"""The HTTP server process: binds the socket, runs uvicorn with one worker or several, and says when it is ready.

In: settings. Out: an exit code, after a graceful end. Every worker builds the same app from the settings in its environment.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE

from flintt_mcp import __version__
from flintt_mcp.app import Additions, App, open_app
from flintt_mcp.catalogue import APIS
from flintt_mcp.credentials import Caller
from flintt_mcp.errors import ConfigError
from flintt_mcp.face.calls import plain_answers
from flintt_mcp.face.server import build_server, makes_spans
from flintt_mcp.logs import configure_logging
from flintt_mcp.memory import settle_memory
from flintt_mcp.metrics import MULTIPROCESS_VARIABLE, Metrics
from flintt_mcp.replies import PlainAnswers
from flintt_mcp.settings import LOOPBACK_HOSTS, Settings, environment, load, to_environment
from flintt_mcp.tools import QuietChannel
from flintt_mcp.transports.hosts import KnownHosts
from flintt_mcp.transports.http import HttpOptions, http_app
from flintt_mcp.transports.serving import DrainingServer

QUIET = QuietChannel("http")


class Opening:
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


def service(settings: Settings, env: Mapping[str, str], additions: Additions | None = None) -> ASGIApp:
    """The whole server as one ASGI app; tests add fixtures to it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ASGIApp]:
        metrics = Metrics()
        async with open_app(settings, env, additions, watch=metrics, at_work=True) as app:
            yield mcp_over_http(app, metrics)

    return Opening(opened)


def mcp_over_http(app: App, metrics: Metrics) -> ASGIApp:
    """The MCP endpoint and its neighbours for an open app."""
    settings = app.settings
    options = HttpOptions(
        host=settings.host,
        port=settings.port,
        allowed_hosts=settings.allowed_host,
        allowed_origins=settings.allowed_origin,
        stateless=settings.workers > 1,
        max_body_bytes=settings.body_limit,
        body_timeout=settings.body_timeout,
        max_sessions=settings.sessions,
        max_sessions_per_caller=settings.sessions_per_key,
        max_streams=settings.streams,
        max_streams_per_caller=settings.streams_per_key,
        idle_timeout=settings.idle_timeout,
        path_prefix=settings.path_prefix,
        key_headers=tuple(api.own_header for api in APIS),
        grace=settings.shutdown_grace,
    )
    face = app.face(over_http=True)
    server = build_server(face)
    plain = None if makes_spans(server) else plain_answers(face, server)
    return http_app(
        server,
        app.credentials,
        options,
        needs_stream=app.needs_stream,
        plain=None if plain is None else partial(_plain_answer, plain),
        ready=app.ready,
        metrics=metrics.text,
        closers=app.additions.closers,
    )


async def _plain_answer(
    plain: PlainAnswers, method: str, params: Mapping[str, Any], caller: Caller, modern: bool
) -> dict[str, Any] | None:
    """Answers a request that can show nothing on the way."""
    return await plain.answer(method, params, caller, QUIET, modern=modern)


def worker() -> ASGIApp:
    """The app of one of several worker processes; uvicorn calls it in each."""
    env = environment()
    settings = load({}, env)
    configure_logging(settings.log_level)
    return service(settings, env)


def serve_http(settings: Settings, env: Mapping[str, str], additions: Additions | None = None) -> int:
    """Serve MCP over HTTP until a signal ends it. Additions reach a single worker only.

    Raises:
        ConfigError: the address, or another setting, cannot be used.
    """
    configure_logging(settings.log_level)
    with ExitStack() as stack:
        bound = stack.enter_context(bind(settings.host, settings.port))
        settings = replace(settings, port=bound.getsockname()[1])
        if settings.workers == 1:
            return _run(_config(settings, service(settings, env, additions)), bound, lambda: say_ready(settings))
        _rehearse(settings, env)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="flintt-mcp-metrics-"))
        os.environ.update(to_environment(settings) | {MULTIPROCESS_VARIABLE: folder})
        return _run_workers(_config(settings, "flintt_mcp.serving:worker", factory=True), bound, settings)


def serve_sandbox(settings: Settings) -> int:
    """Serve only the sandbox's REST APIs until a signal ends it."""
    from flintt_mcp.sandboxed import opened_sandbox

    configure_logging(settings.log_level)

    @asynccontextmanager
    async def opened() -> AsyncIterator[ASGIApp]:
        async with opened_sandbox(settings, at_work=True) as sandbox:
            yield KnownHosts(
                sandbox.app, HttpOptions(host=settings.host, port=port, allowed_hosts=settings.allowed_host)
            )

    with bind(settings.host, settings.port) as bound:
        port = bound.getsockname()[1]
        url = f"http://{_shown_host(settings.host)}:{port}"
        lines = (
            f"The sandbox is ready: {url}/",
            f"  try         curl -H 'X-API-Key: flt_sandbox_key' {url}/flintt/v1/companies",
            f"  use it      FLINTT_API_URL={url}/flintt FLINTT_API_KEY=flt_sandbox_key flintt-mcp tools",
            f"  data        {settings.data_path}",
        )
        return _run(_config(settings, Opening(opened)), bound, lambda: _say(*lines))


def _config(settings: Settings, app: Any, *, factory: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=factory,
        workers=settings.workers,
        loop="auto",
        http="auto",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxy),
        forwarded_allow_ips=list(settings.trusted_proxy),
        timeout_graceful_shutdown=round(settings.shutdown_grace) + 2,
        timeout_keep_alive=75,
    )


class _AnnouncingServer(DrainingServer):
    """Says that it is ready once it accepts connections."""

    def __init__(self, config: uvicorn.Config, announce: Any) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def _run(config: uvicorn.Config, bound: socket.socket, announce: Any) -> int:
    """Run one server in this process.

    Raises:
        ConfigError: what kept the app from opening; uvicorn's own words about that are left out.
    """
    server, opening = _AnnouncingServer(config, announce), config.app
    logging.getLogger("uvicorn.error").addFilter(lambda record: opening.failure is None)
    # uvicorn raises a signal again once it is done with it: both are a good end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stopped = False
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        stopped = True
    except SystemExit:  # its own end of a start that failed
        pass
    if opening.failure is not None:
        raise opening.failure
    return 0 if server.started or stopped else STARTUP_FAILURE


def _rehearse(settings: Settings, env: Mapping[str, str]) -> None:
    """Open what a worker opens, once, so that a setting that cannot work is told here and not by every worker."""

    async def once() -> None:
        async with open_app(settings, env) as app:
            mcp_over_http(app, Metrics())

    anyio.run(once)


def _run_workers(config: uvicorn.Config, bound: socket.socket, settings: Settings) -> int:
    from uvicorn.supervisors import Multiprocess

    supervisor = Multiprocess(config, sockets=[bound])
    _announce_when_healthy(settings)
    supervisor.run()
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


def _announce_when_healthy(settings: Settings) -> None:
    """Say that the workers are ready once one of them answers; gives up in silence after a minute."""
    import http.client
    import threading
    import time

    def poll() -> None:
        for _ in range(600):
            connection = http.client.HTTPConnection(_shown_host(settings.host).strip("[]"), settings.port, timeout=5)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return say_ready(settings)
            except OSError:
                time.sleep(0.1)
            finally:
                connection.close()
        return None

    threading.Thread(target=poll, daemon=True).start()


def say_ready(settings: Settings) -> None:
    """The ready lines: the MCP URL, a block to paste, and where the data lies."""
    base = f"http://{_address(settings)}{settings.path_prefix}/mcp"
    key = "flt_sandbox_key" if settings.sandbox else "flt_your_api_key"
    # Several workers answer legacy SSE with 405.
    entry = {"type": "sse" if settings.workers == 1 else "http", "url": base, "headers": {"X-API-Key": key}}
    block = json.dumps({"mcpServers": {"flintt": entry}}, indent=2)
    _say(
        f"flintt-mcp {__version__} is ready: {base}{'?api_key=' + key if settings.sandbox else ''}",
        "",
        "  Claude Desktop, in claude_desktop_config.json:",
        *("    " + line for line in block.splitlines()),
        "",
        f"  Claude Code   claude mcp add --transport http flintt '{base}' --header 'X-API-Key: {key}'",
        f"  Data          {settings.data_path}",
        "  Stop          Ctrl-C",
    )


def _address(settings: Settings) -> str:
    """Host and port under which this server lets requests in: outside loopback that is a name it was told to accept."""
    if settings.host in LOOPBACK_HOSTS:
        return f"{_shown_host(settings.host)}:{settings.port}"
    name = settings.allowed_host[0]
    has_port = re.search(r":\d+$", name) is not None
    return name if has_port else f"{name}:{settings.port}"


def _shown_host(host: str) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{reachable}]" if ":" in reachable else reachable


def _say(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket that worker processes inherit."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}",
            advice="stop what uses it, or choose another --port (0 takes a free one)",
        ) from None
    bound.set_inheritable(True)
    return bound
