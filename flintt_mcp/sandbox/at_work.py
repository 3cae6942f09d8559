"""The sandbox as settings want it: opened on the data folder, with or without its work going on.

In: settings. Out: an open `Sandbox`. Its work is delivering webhooks, running signals, and moving FlowPilot's
runs on; of all processes on a folder one delivers and one runs signals. What fails there is logged and never ends the server.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from flintt_mcp.sandbox.flintt.running.sources.reach import Reach
from flintt_mcp.sandbox.flowpilot.pulse import keep_moving
from flintt_mcp.sandbox.network.urls import Policy
from flintt_mcp.sandbox.server import Sandbox, deliver_webhooks, open_sandbox
from flintt_mcp.settings import WORKERS_FOLDER, Settings, environment

logger = logging.getLogger(__name__)


@asynccontextmanager
async def opened_sandbox(settings: Settings, *, at_work: bool = False) -> AsyncIterator[Sandbox]:
    """The sandbox of the settings' data folder; `at_work` delivers its webhooks and runs its signals meanwhile.

    Raises:
        ConfigError: the folder cannot be used.
    """
    local = settings.allow_loopback
    sources = Reach(Policy(loopback=local, plain_http=True), settings.source_path)
    async with open_sandbox(settings.data_path, loopback_webhooks=local, sources=sources) as sandbox:
        if not at_work:
            yield sandbox
            return
        async with _meanwhile(_works(sandbox)):
            yield sandbox


def _works(sandbox: Sandbox) -> dict[str, Callable[[], Awaitable[None]]]:
    return {
        "webhooks": lambda: deliver_webhooks(sandbox),
        "signals": lambda: _run_signals(sandbox),
        "FlowPilot": lambda: keep_moving(sandbox.database, sandbox.ground.clock),
    }


@asynccontextmanager
async def _meanwhile(works: Mapping[str, Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """Keep these works going until the context ends; what fails in it is raised as it is."""
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        for what, work in works.items():
            group.start_soon(_keep_going, what, work)
        try:
            yield
        except Exception as error:
            # Kept out of the task group, which would wrap it.
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _run_signals(sandbox: Sandbox) -> None:
    from flintt_mcp.sandbox.flintt.running.runner import runner

    shared = environment().get(WORKERS_FOLDER)
    await runner(sandbox.ground, siblings=Path(shared) if shared else None)


async def _keep_going(what: str, work: Callable[[], Awaitable[None]], pause: float = 30.0) -> None:
    """Begin the work again after it failed: a sandbox without it still serves."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("the sandbox's %s stopped; beginning again in %g s", what, pause)
        await anyio.sleep(pause)
