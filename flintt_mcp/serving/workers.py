"""Several worker processes on one socket, each with an app of its own.

In: a uvicorn configuration that names `worker`, a bound socket, settings. Out: an exit code. What a worker needs it reads from
the environment, where its parent wrote it. A setting that cannot work is told by the parent, once. Each worker ends as one
process alone does: streams first, then what is running, within its grace; a second signal ends all of them at once.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

import anyio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from flintt_mcp.app import open_app
from flintt_mcp.serving.asgi import mcp_over_http, service
from flintt_mcp.serving.draining import DrainingServer
from flintt_mcp.serving.logs import configure_logging
from flintt_mcp.serving.ready import say_ready
from flintt_mcp.settings import Settings, environment, load, shown_host

_LOOKS_EVERY = 0.1
"""Seconds between two looks for a second signal."""


def worker() -> ASGIApp:
    """The app of one of several worker processes; uvicorn calls it in each."""
    env = environment()
    settings = load({}, env)
    configure_logging(settings)
    return service(settings, env)


def rehearse(settings: Settings, env: Mapping[str, str]) -> None:
    """Open what a worker opens, once, so that a setting that cannot work is told here and not by every worker."""

    async def once() -> None:
        async with open_app(settings, env) as app:
            mcp_over_http(app)

    anyio.run(once)


class _Worker(multiprocess.Process):
    """A worker whose server ends streams first. It is sent to its process whole, so its class has a name of the module."""

    @property
    def server(self) -> uvicorn.Server:
        self._server = self._server or DrainingServer(self.config)
        return self._server


class _Workers(multiprocess.Multiprocess):
    """Starts and ends the workers. uvicorn makes processes in four places by the name that its module has for them."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        multiprocess.Process = _Worker  # type: ignore[misc]  # no other supervisor runs in this process
        super().__init__(config, sockets)

    def join_all(self) -> None:
        """Wait for the workers; whoever sends a second signal waits no longer."""
        while any(worker.process.is_alive() for worker in self.processes):
            if self.signal_queue:
                for worker in self.processes:
                    worker.kill()
            for worker in self.processes:
                worker.process.join(_LOOKS_EVERY)


def run_workers(config: uvicorn.Config, bound: socket.socket, settings: Settings) -> int:
    """Run the workers until a signal ends them all."""
    supervisor = _Workers(config, sockets=[bound])
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
            connection = http.client.HTTPConnection(shown_host(settings.host).strip("[]"), settings.port, timeout=5)
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
