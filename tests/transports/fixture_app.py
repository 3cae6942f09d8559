"""Shared by the tests of the transports: a small server, an app over it, and a real web server for that app."""

from __future__ import annotations

import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import httpx2
import mcp_types as types
import msgspec
import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.lowlevel import Server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from starlette.types import ASGIApp

from flintt_mcp.calls.caller import Credentials
from flintt_mcp.catalogue.operation import Api
from flintt_mcp.serving.draining import DrainingServer
from flintt_mcp.transports.http.app import Answering, Beside, HttpApp, HttpOptions
from flintt_mcp.transports.http.exchanges.gate import sender_of

FIRST = Api(
    name="first", title="First", variable="FIRST", url="https://first.example", prefixes=("fst_",),
    own_header="X-First-Key", own_query="first_api_key", header="X-API-Key", sandbox_key="fst_sandbox", key_hint="",
)  # fmt: skip
SECOND = msgspec.structs.replace(
    FIRST, name="second", own_header="X-Second-Key", own_query="second_api_key", prefixes=("snd_",)
)

CREDENTIALS = Credentials([FIRST, SECOND], b"d" * 32)
KEY = "fst_a_key_that_must_never_be_seen_below"
OTHER_KEY = "fst_another_key_of_somebody_else"
MODERN = "2026-07-28"
OLD = "2025-06-18"
HIDDEN_BREAKS = "a\u2028b\u2029c\x85d — Blåbær 🫐"


def principal(key: str | None) -> str:
    """The principal of a caller with that one key."""
    return CREDENTIALS.with_secrets({} if key is None else {"first": key}).principal


@dataclass
class Bench:
    """What the fixture tools touch: a test waits for `entered`, then lets the slow tool go on with `release`."""

    entered: anyio.Event = field(default_factory=anyio.Event)
    release: anyio.Event = field(default_factory=anyio.Event)
    bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)
    listener: ListenHandler = field(init=False)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = ListenHandler(self.bus)


def fixture_server(bench: Bench | None = None) -> Server[Any]:
    """Tools: `who` (principal), `steps` (progress), `slow` (waits to be released), `loud` (prints), `lines` (hides breaks).

    `ask` asks for a name; it is in no list.
    """
    bench = bench or Bench()
    schema = {"type": "object"}
    tools = [types.Tool(name=name, input_schema=schema) for name in ("who", "steps", "slow", "loud", "lines")]

    async def list_tools(ctx: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        text = await _do(bench, params.name, ctx)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

    return Server(
        "fixture",
        version="1",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_subscriptions_listen=bench.listener,
        get_tool_input_schema=lambda name: schema,
    )


async def _do(bench: Bench, tool: str, ctx: Any) -> str:
    """What a fixture tool does, and the text of its result."""
    match tool:
        case "who":
            return _sender(bench, ctx.request)
        case "steps":
            for step in (1, 2):
                await ctx.session.report_progress(step, 2)
        case "slow":
            bench.entered.set()
            await bench.release.wait()
        case "loud":
            print("this must not reach the wire")
        case "lines":
            return HIDDEN_BREAKS
        case "ask":
            wanted: Any = {"type": "object", "properties": {"name": {"type": "string"}}}
            return str((await ctx.session.elicit_form("Who?", wanted, ctx.request_id)).content["name"])
    return "done"


def _sender(bench: Bench, request: Any) -> str:
    """The principal of whoever sent a request, if we and the SDK take the same one for it."""
    bench.headers.append({} if request is None else dict(request.headers))
    if request is None:
        return "nobody"
    sender, known = sender_of(request).principal, get_access_token()
    return sender if known is not None and known.client_id == sender else "the SDK takes the caller for somebody else"


def make_app(options: HttpOptions | None = None, bench: Bench | None = None, **beside: Any) -> HttpApp:
    bench = bench or Bench()
    beside.setdefault("closers", [bench.listener.close])
    answering = Answering(fixture_server(bench), lambda name: name in ("steps", "slow"))
    return HttpApp(answering, CREDENTIALS, options or HttpOptions(), Beside(**beside))


@asynccontextmanager
async def living(app: ASGIApp) -> AsyncIterator[ASGIApp]:
    """The app inside its lifespan, without a web server."""
    requests_in, requests_out = anyio.create_memory_object_stream[Any](2)
    answers_in, answers_out = anyio.create_memory_object_stream[Any](2)

    async def run() -> None:
        await app({"type": "lifespan", "asgi": {}, "state": {}}, requests_out.receive, answers_in.send)

    with requests_in, requests_out, answers_in, answers_out:
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await requests_in.send({"type": "lifespan.startup"})
            assert (await answers_out.receive())["type"] == "lifespan.startup.complete"
            yield app
            await requests_in.send({"type": "lifespan.shutdown"})
            assert (await answers_out.receive())["type"] == "lifespan.shutdown.complete"


@asynccontextmanager
async def calling(
    options: HttpOptions | None = None, bench: Bench | None = None, **beside: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that talks to a living app in this process, without sockets."""
    async with living(make_app(options, bench, **beside)) as app:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


@dataclass
class Running:
    """A web server on a real socket."""

    url: str
    port: int
    server: DrainingServer
    app: HttpApp

    def stop(self) -> None:
        """What SIGTERM does."""
        self.server.handle_exit(signal.SIGTERM, None)


@asynccontextmanager
async def serving(
    bench: Bench | None = None, options: HttpOptions | None = None, log_level: str = "warning", **beside: Any
) -> AsyncIterator[Running]:
    """Runs uvicorn for an app on a free port of the loopback interface."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    app = make_app(replace(options or HttpOptions(grace=0.5), port=port), bench, **beside)
    config = uvicorn.Config(app, log_level=log_level, log_config=None, timeout_graceful_shutdown=3, lifespan="on")
    server = DrainingServer(config)
    async with anyio.create_task_group() as group:
        group.start_soon(_serve, server, listening)
        with anyio.fail_after(5):
            while not server.started:  # noqa: ASYNC110 (uvicorn has no event to wait for)
                await anyio.sleep(0.005)
        try:
            yield Running(f"http://127.0.0.1:{port}", port, server, app)
        finally:
            server.should_exit = True


async def _serve(server: DrainingServer, listening: socket.socket) -> None:
    await server._serve([listening])  # `serve` would take over this process's signals


def call(name: str, arguments: dict[str, Any] | None = None, *, id: int | str = 1, meta: Any = None) -> dict[str, Any]:
    """A tools/call message."""
    params: dict[str, Any] = {"name": name, "arguments": arguments or {}}
    if meta is not None:
        params["_meta"] = meta
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}


def modern(name: str, *, id: int | str = 1, **meta: Any) -> dict[str, Any]:
    """A tools/call message of revision 2026-07-28."""
    envelope = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        **meta,
    }
    return call(name, id=id, meta=envelope)


def modern_headers(name: str, key: str | None = None) -> dict[str, str]:
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": MODERN,
        "mcp-method": "tools/call",
        "mcp-name": name,
    }
    return headers if key is None else {**headers, "x-api-key": key}


JSON_ONLY = {"accept": "application/json"}
BOTH = {"accept": "application/json, text/event-stream"}

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


async def open_session(client: httpx2.AsyncClient, key: str | None = None) -> dict[str, str]:
    """Opens a session and returns the headers of its further requests."""
    headers = dict(BOTH) if key is None else {**BOTH, "x-api-key": key}
    answer = await client.post("/mcp", json=INITIALIZE, headers=headers)
    assert answer.status_code == 200, answer.text
    headers |= {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": OLD}
    done = await client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
    assert done.status_code == 202
    return headers
