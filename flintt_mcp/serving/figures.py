"""How this server does, gathered for its operator when somebody asks: nothing here counts by itself.

In: the open app. Out: a `Status`. Calls are counted over all workers, intents are those of the store; which calls run and which
streams are open each process knows of itself alone, and with several workers the status says so.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import anyio

from flintt_mcp import __version__
from flintt_mcp.app import App
from flintt_mcp.calls.intent import State
from flintt_mcp.calls.stages.metrics import BOUNDS, Counted, Tally
from flintt_mcp.errors import FlinttError
from flintt_mcp.face.revisions import HANDSHAKE, MODERN
from flintt_mcp.pages.status import ApiState, Calls, Status, span


class Doing:
    """Gathers how an open app does. Its time begins when it is made."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._began = time.monotonic()

    async def status(self, streams: int) -> Status:
        """How it does now, with that many open streams. The APIs are asked whether they answer, without a key."""
        counted = self._app.metrics.counted()
        workers, process = self._app.settings.workers, f"process {os.getpid()}"
        return Status(
            at=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
            versions={
                "flintt-mcp": __version__,
                "MCP SDK": version("mcp"),
                "Python": platform.python_version(),
                "protocol revisions": ", ".join([*HANDSHAKE, *MODERN]),
            },
            now={
                "up for": span(time.monotonic() - self._began),
                "workers": str(workers),
                "running calls": str(self._app.running()),
                "open streams": str(streams),
            },
            process=f"Uptime, running calls and open streams are those of one of {workers} workers, {process}; "
            "reload for another one. All other figures are of all workers together."
            if workers > 1
            else "",
            apis=await self._apis(counted),
            tools=[_calls(tool, [tally]) for tool, tally in counted.tools.items()],
            intents=await self._intents(),
        )

    async def _apis(self, counted: Counted) -> list[ApiState]:
        """Each API on its own, so that each has a time of its own."""
        states: dict[str, ApiState] = {}

        async def ask(api: str) -> None:
            began = time.perf_counter()
            why_not = await self._app.reach.one(api)
            seconds = time.perf_counter() - began
            tallies = [tally for tool, tally in counted.tools.items() if self._api_of(tool) == api]
            outcome, at = max(counted.last.get(api, {}).items(), key=lambda one: one[1], default=("", 0.0))
            states[api] = ApiState(api, why_not, seconds, _calls(api, tallies), outcome, time.time() - at)

        async with anyio.create_task_group() as group:
            for api in self._app.reach.apis:
                group.start_soon(ask, api)
        return [states[api] for api in self._app.reach.apis]

    def _api_of(self, tool: str) -> str | None:
        found = self._app.inventory.get(tool)
        return None if found is None else found.api

    async def _intents(self) -> Mapping[str, int] | None:
        """How many intents are in each state; None when the store does not say."""
        try:
            kept = await self._app.intents.by_state()
        except FlinttError:
            return None
        return {state.value: kept.get(state, 0) for state in State}


def _calls(name: str, tallies: Sequence[Tally]) -> Calls:
    """The calls of several tools together."""
    outcomes: dict[str, int] = {}
    for tally in tallies:
        for outcome, many in tally.outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + many
    within = [sum(many) for many in zip(*(tally.within for tally in tallies), strict=True)]
    return Calls(name, outcomes, within, BOUNDS)
