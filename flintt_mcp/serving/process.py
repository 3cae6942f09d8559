"""The HTTP server process: binds the socket, runs uvicorn with one worker or several, and ends gracefully.

In: settings. Out: an exit code. Signals are handled here, and what kept the app from opening is raised here; what the app is made
of is `asgi.py`'s business.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from flintt_mcp.app import Additions
from flintt_mcp.calls.stages.metrics import MULTIPROCESS_VARIABLE
from flintt_mcp.errors import ConfigError
from flintt_mcp.serving.asgi import OpenedApp, service
from flintt_mcp.serving.draining import DrainingServer
from flintt_mcp.serving.logs import configure_logging
from flintt_mcp.serving.ready import say_ready, say_sandbox_ready
from flintt_mcp.settings import WORKERS_FOLDER, Settings, to_environment
from flintt_mcp.transports.http.app import HttpOptions
from flintt_mcp.transports.http.exchanges.hosts import KnownHosts

_HTTP = "auto" if find_spec("httptools") is None else "flintt_mcp.serving.punctual:PunctualProtocol"
"""What uvicorn speaks HTTP with, by name, so that worker processes find it too."""


def serve_http(settings: Settings, env: Mapping[str, str], additions: Additions | None = None) -> int:
    """Serve MCP over HTTP until a signal ends it. Additions reach a single worker only.

    Raises:
        ConfigError: the address, or another setting, cannot be used.
    """
    configure_logging(settings)
    with ExitStack() as stack:
        bound = stack.enter_context(bind(settings.host, settings.port))
        settings = replace(settings, port=bound.getsockname()[1])
        if settings.workers == 1:
            return _run(settings, service(settings, env, additions), bound, lambda: say_ready(settings))
        from flintt_mcp.serving.workers import rehearse, run_workers

        rehearse(settings, env)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="flintt-mcp-workers-"))
        os.environ.update(to_environment(settings) | {MULTIPROCESS_VARIABLE: folder, WORKERS_FOLDER: folder})
        return run_workers(_config(settings, "flintt_mcp.serving.workers:worker", factory=True), bound, settings)


def serve_sandbox(settings: Settings) -> int:
    """Serve only the sandbox's REST APIs until a signal ends it."""
    from flintt_mcp.sandbox.at_work import opened_sandbox

    configure_logging(settings)

    @asynccontextmanager
    async def opened() -> AsyncIterator[ASGIApp]:
        async with opened_sandbox(settings, at_work=True) as sandbox:
            yield KnownHosts(
                sandbox.app, HttpOptions(host=settings.host, port=port, allowed_hosts=settings.allowed_host)
            )

    with bind(settings.host, settings.port) as bound:
        port = bound.getsockname()[1]
        announce = partial(say_sandbox_ready, replace(settings, port=port))
        return _run(settings, OpenedApp(opened), bound, announce)


def _config(settings: Settings, app: Any, *, factory: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=factory,
        workers=settings.workers,
        loop="auto",
        http=_HTTP,
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

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def _run(settings: Settings, opened: OpenedApp, bound: socket.socket, announce: Callable[[], None]) -> int:
    """Run one server in this process.

    Raises:
        ConfigError: what kept the app from opening; uvicorn's own words about that are left out.
    """
    server = _AnnouncingServer(_config(settings, opened), announce)
    logging.getLogger("uvicorn.error").addFilter(lambda record: opened.failure is None)
    # uvicorn raises a signal again once it is done with it: both are a good end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stopped = False
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        stopped = True
    except SystemExit:  # its own end of a start that failed
        pass
    if opened.failure is not None:
        raise opened.failure
    return 0 if server.started or stopped else STARTUP_FAILURE


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
