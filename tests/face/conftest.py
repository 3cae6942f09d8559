"""`connect` gives a client of the whole server over the seeded sandbox, in memory, at the newest revision and at the one before.

`probe` makes a tool to look at, or to add.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
from mcp import Client

from flintt_mcp.app import open_app
from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.narrowing import Narrowing
from flintt_mcp.calls.reply import Done, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import local
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.settings import Settings

SANDBOX_KEY = "flt_sandbox_key"
NEWEST = "2026-07-28"
MODES = {NEWEST: "auto", "2025-11-25": "legacy"}
"""Revision -> the SDK client's name for negotiating it."""


def probe(handle: Any = None, **more: Any) -> Tool:
    """A tool of no API that answers "done", or what its handle does."""

    async def nothing(call: Call) -> Reply:
        return Done(text="done")

    return Tool(
        name="probe",
        title="Probe",
        about="Probes.",
        effect=Effect.READ,
        toolset="extra",
        arguments=Arguments("probe", (local("what"),)),
        handle=handle or nothing,
        **more,
    )


class Connect(Protocol):
    """Opens a client: with a key (None sends none), and narrowed."""

    def __call__(
        self, key: str | None = SANDBOX_KEY, narrowing: Narrowing | None = None
    ) -> AbstractAsyncContextManager[Client]: ...


@pytest.fixture(params=MODES)
def revision(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def connect(revision: str, data_dir: Path) -> Connect:
    @asynccontextmanager
    async def in_memory(key: str | None = SANDBOX_KEY, narrowing: Narrowing | None = None) -> AsyncIterator[Client]:
        async with open_app(Settings(sandbox=True, data_dir=str(data_dir), approve=("none",)), {}) as app:
            caller = app.credentials.with_secrets({} if key is None else {"flintt": key})
            server = replace(app, caller=replace(caller, narrowing=narrowing)).server()
            async with Client(server, mode=MODES[revision]) as client:
                yield client

    return in_memory
