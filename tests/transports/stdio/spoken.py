"""Whole conversations over stdio in this process: lines in, and the lines that came out of it.

In: an open app, and the lines of a client. Out: the answers, from the plain way and from the SDK alone, so that they can be
compared.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import anyio

from flintt_mcp.app import App
from flintt_mcp.face.revisions import MODERN
from flintt_mcp.face.tool_requests import ToolAnswersFirst
from flintt_mcp.serving.child import answers_of
from flintt_mcp.transports.stdio.conversation import Conversation
from flintt_mcp.transports.stdio.service import Opened, Service
from flintt_mcp.transports.stdio.talk import Talk
from flintt_mcp.transports.stdio.wire import Lines, Wire

NEWEST = MODERN[0]
VERSION, CAPABILITIES, CLIENT = (
    f"io.modelcontextprotocol/{name}" for name in ("protocolVersion", "clientCapabilities", "clientInfo")
)
ENVELOPE: dict[str, Any] = {VERSION: NEWEST, CAPABILITIES: {}}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def request(id: Any, method: str, params: Any = None) -> dict[str, Any]:
    """One request; without params it has no such member."""
    whole = {"jsonrpc": "2.0", "id": id, "method": method}
    return whole if params is None else {**whole, "params": params}


def initialize(revision: str, id: Any = "i", **more: Any) -> dict[str, Any]:
    """The first request of a handshake."""
    info = {"name": "t", "version": "1"}
    return request(id, "initialize", {"protocolVersion": revision, "capabilities": {}, "clientInfo": info, **more})


def nothing(method: str, params: Any, version: str) -> None:
    """No early answer."""


async def no_answer(method: str, params: Any, version: str, client: str) -> None:
    """No plain answer."""


def sdk_server(app: App, *, short: bool) -> Any:
    """The SDK's server of the app; `short` leaves our own middleware for calls and lists in it."""
    server = app.server()
    if not short:
        server.middleware[:] = [one for one in server.middleware if not isinstance(one, ToolAnswersFirst)]
    return server


def plainly(app: App) -> Opened:
    """Everything that can be is answered without the SDK."""
    return answers_of(app)


def by_sdk(app: App, *, short: bool = False) -> Opened:
    """The SDK answers everything."""
    return Opened(nothing, no_answer, lambda: sdk_server(app, short=short))


def service_of(opened: Opened, gate: Callable[[], Any] | None = None) -> Service:
    """The service that offers this, once the gate lets through."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Opened]:
        if gate is not None:
            await gate()
        yield opened

    return Service(frozenset(MODERN), opened.early, lambda: None, opening, str)


async def spoken(opened: Opened, lines: Iterable[Any]) -> list[bytes]:
    """All lines that came back for these, in the order of their bytes."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    with tempfile.TemporaryFile() as out:
        wire = Wire(out.fileno(), out.fileno())  # nothing more is read
        service = service_of(opened)
        conversation = Conversation(service.early, service.modern)
        with anyio.fail_after(30):
            await Talk(wire, Lines(1 << 22), conversation, service).run(
                map(conversation.hear, raw), at_end=True, grace=20
            )
        out.seek(0)
        return sorted(out.read().splitlines())
