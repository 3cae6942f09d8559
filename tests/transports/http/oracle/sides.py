"""Two ASGI apps over one product and one API: ours, and the SDK's session manager, which is the oracle.

In: a request as data. Out: what each side answered, in one form. Ids of sessions stand in requests by name, since each side has
its own.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flintt_mcp.app import App
from flintt_mcp.face.server import build_server
from flintt_mcp.face.tool_requests import ToolAnswersFirst
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.serving.asgi import mcp_over_http
from flintt_mcp.transports.http.app import HttpOptions
from flintt_mcp.transports.http.exchanges.gate import Gate, sender_of
from tests.conformance.fixtures import conformance_additions
from tests.fake_api import KEYS, open_fake
from tests.transports.fixture_app import living

KEY, OTHER_KEY = KEYS["flintt"], "flt_another_key_that_nobody_may_read"
COMPANIES = [{"id": "c1", "name": "Blåbær AS | Søn", "estimated_revenue": None}, {"id": "c2", "name": "Acme"}]
NEW = "2026-07-28"
FIXTURES = ("test_tool_with_progress", "test_tool_with_logging", "test_elicitation", "test_error_handling")
BOTH = "application/json, text/event-stream"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Case:
    """One request. A header that is `{name}` is the id of the session of that name."""

    method: str = "POST"
    body: bytes = b""
    headers: Headers = ()

    @property
    def found(self) -> dict[str, str]:
        return dict(self.headers)

    @property
    def message(self) -> Any:
        """The body as a value; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True)
class Answer:
    """What came back. `messages` are the JSON values of the body, one for JSON and one for each event."""

    status: int
    kind: str
    headers: Mapping[str, str]
    messages: tuple[Any, ...]

    @property
    def streams(self) -> bool:
        return self.kind == "text/event-stream"

    @property
    def error(self) -> dict[str, Any] | None:
        """The JSON-RPC error of the last message, if it is one."""
        last = self.messages[-1] if self.messages else None
        return last.get("error") if isinstance(last, dict) else None

    @property
    def told(self) -> tuple[Any, ...]:
        """What a client reads of it: the status, the kind of body, and the messages."""
        return int(self.status), self.kind, self.messages


@dataclass
class Side:
    """One of the two apps, and its sessions by name."""

    app: ASGIApp
    sessions: dict[str, str] = field(default_factory=dict)

    async def answer(self, case: Case) -> Answer:
        headers = [(name.encode(), self._filled(value).encode("latin-1")) for name, value in case.headers]
        sent: list[Message] = []
        over = anyio.Event()
        parts: list[Message] = [{"type": "http.request", "body": case.body}]

        async def receive() -> Message:
            if parts:
                return parts.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if case.method == "GET" or not message.get("more_body", message["type"] == "http.response.start"):
                over.set()

        scope = {
            "type": "http", "method": case.method, "path": "/mcp", "raw_path": b"/mcp", "query_string": b"", "root_path": "",
            "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
            "headers": headers,
        }  # fmt: skip
        with anyio.fail_after(10):
            await self.app(scope, receive, send)
        return _read(sent, case)

    def _filled(self, value: str) -> str:
        return self.sessions.get(value[1:-1], value) if value.startswith("{") else value

    async def open(self, name: str, revision: str, key: str = KEY, capabilities: Any = None) -> None:
        """Opens a session under a name."""
        said = {
            "protocolVersion": revision,
            "capabilities": capabilities or {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        answer = await self.answer(post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": said}, key=key))
        self.sessions[name] = answer.headers["mcp-session-id"]


def _read(sent: list[Message], case: Case) -> Answer:
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    body = b"".join(part.get("body", b"") for part in sent[1:])
    kind = headers.get("content-type", "").split(";")[0]
    texts = [body] if body and kind == "application/json" else []
    if kind == "text/event-stream" and case.method == "POST":
        texts = [line[6:] for line in body.split(b"\r\n") if line.startswith(b"data: ")]
    return Answer(sent[0]["status"], kind, headers, tuple(json.loads(text) for text in texts))


def post(message: Any, *headers: tuple[str, str], key: str = KEY, accept: str = BOTH) -> Case:
    """A message as a client posts it."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    first = (("host", "127.0.0.1:8000"), ("content-type", "application/json"), ("accept", accept), ("x-api-key", key))
    return Case("POST", body, (*first, *headers))


@asynccontextmanager
async def sides(folder: Path) -> AsyncIterator[tuple[Side, Side]]:
    """Ours and the SDK's, each with a session of every revision, one of somebody else and one that has ended."""
    added = conformance_additions()
    additions = type(added)(tools=[tool for tool in added.tools if tool.name in FIXTURES])
    async with (
        open_fake(folder, _always, additions=additions, toolsets=("flintt", "docs")) as app,
        living(mcp_over_http(app)) as ours,
        _oracle(app) as theirs,
    ):
        pair = Side(ours), Side(theirs)
        for side in pair:
            for revision in HANDSHAKE_PROTOCOL_VERSIONS:
                await side.open(revision, revision)
            await side.open("foreign", "2025-11-25", OTHER_KEY)
            await side.open("ended", "2025-11-25")
            ended = post(b"", ("mcp-session-id", "{ended}"))
            assert (await side.answer(Case("DELETE", b"", ended.headers))).status == 200
        yield pair


async def _always(request: UpstreamRequest) -> UpstreamResponse:
    return UpstreamResponse(200, {}, json.dumps(COMPANIES).encode())


@asynccontextmanager
async def _oracle(app: App) -> AsyncIterator[ASGIApp]:
    """The SDK's managers behind our gate: with sessions and streams, and as JSON for clients that take nothing else."""
    server = build_server(app.face(sender_of))
    server.middleware[:] = [each for each in server.middleware if not isinstance(each, ToolAnswersFirst)]
    gate = Gate(app.credentials, HttpOptions())
    streaming = StreamableHTTPSessionManager(server, max_sessions=None)
    plain = StreamableHTTPSessionManager(server, json_response=True, stateless=True)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        found = dict(scope["headers"])
        accept = found.get(b"accept", b"").lower()
        inside = b"mcp-session-id" in found and found.get(b"mcp-protocol-version", b"2").decode() != NEW
        takes_events = b"event-stream" in accept or b"text/*" in accept or b"*/*" in accept
        await (streaming if takes_events or inside else plain).handle_request(scope, receive, send)

    inside = AuthContextMiddleware(serve)

    async def gated(scope: Scope, receive: Receive, send: Send) -> None:
        gate.enter(scope)
        await inside(scope, receive, send)

    async with streaming.run(), plain.run():
        yield gated
