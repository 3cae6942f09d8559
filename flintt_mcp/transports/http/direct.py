"""Single requests answered as JSON, straight through the SDK's kernel.

In: a decoded message that no session and no stream belongs to. Out: one JSON answer, or False for anything that is not a plain
good request: the SDK's own session manager then answers it, so every refusal stays the SDK's. The kernel (`serve_one`), the
classification and the header rules are the SDK's; only its HTTP wrapping, which decodes, validates and copies each message
several times over, is left out. A test holds both ways to the same answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import msgspec
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    MCP_PARAM_HEADER_PREFIX,
    X_MCP_HEADER_KEY,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
)
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import DEFAULT_NEGOTIATED_VERSION
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.http.exchange import Exchange

ToolAnswer = Callable[[str, Mapping[str, Any], Caller, str], Awaitable[dict[str, Any] | None]]
"""Answers calls and lists of tools: (method, params, caller, revision) -> the result, or None for a request that it leaves to
the SDK."""

_encode = msgspec.json.Encoder().encode
_PARAM_HEADER = MCP_PARAM_HEADER_PREFIX.lower().encode()
_VERSION_HEADER = b"mcp-protocol-version"
_SDK_ONLY = frozenset({"initialize", "subscriptions/listen"})
"""Methods that open something; the SDK's managers own them."""


@dataclass(slots=True)
class _OneAnswer:
    """What a handler of a single exchange can reach of its client: nothing but the answer."""

    transport: TransportContext
    request_id: str | int
    message_metadata: ServerMessageMetadata
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)
    can_send_request: bool = False

    async def send_raw_request(self, method: str, params: Any, opts: Any = None) -> dict[str, Any]:
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Any, opts: Any = None) -> None:
        return None

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        return None


class DirectEngine:
    """Answers single requests over a server whose lifespan is the SDK's empty one."""

    def __init__(self, server: Server[Any], tool_answer: ToolAnswer | None = None) -> None:
        self._server = server
        self._tool_answer = tool_answer
        self._annotated: dict[str, bool] = {}

    async def answer(self, message: Mapping[str, Any], exchange: Exchange) -> bool:
        """Answer one request, or do nothing and return False when the SDK has to decide about it.

        `message` is a request whose outside has been checked; none of the exchange's deciding headers is doubled.
        """
        if message["method"] in _SDK_ONLY or self._has_param_headers(message, exchange.found):
            return False
        route = _route(message, exchange.found)
        if route is None:
            return False
        reply, status = await self._reply(message, exchange, route)
        body = _encode(reply)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await exchange.send({"type": "http.response.start", "status": status, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": body})
        return True

    async def _reply(
        self, message: Mapping[str, Any], exchange: Exchange, route: InboundModernRoute
    ) -> tuple[dict[str, Any], int]:
        """The JSON-RPC reply and the HTTP status that goes with it."""
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        version = route.protocol_version
        if self._tool_answer is not None:
            params = message.get("params") or {}
            result = await self._tool_answer(message["method"], params, exchange.entry.caller, version)
            if result is not None:
                return {**reply, "result": result}, 200
        try:
            return {**reply, "result": await self._served(message, exchange, route)}, 200
        except Exception as error:
            # The SDK's own boundary does the same: what it knows is told, anything else is logged and told as internal.
            wire = modern_error_data(error).model_dump(by_alias=True, mode="json", exclude_none=True)
            modern = version in MODERN_PROTOCOL_VERSIONS
            return {**reply, "error": wire}, ERROR_CODE_HTTP_STATUS.get(wire["code"], 200) if modern else 200

    async def _served(
        self, message: Mapping[str, Any], exchange: Exchange, route: InboundModernRoute
    ) -> dict[str, Any]:
        """The result, from the SDK's kernel."""
        context = _OneAnswer(
            transport=TransportContext(kind="streamable-http", can_send_request=False),
            request_id=message["id"],
            message_metadata=ServerMessageMetadata(request_context=Request(exchange.scope, exchange.receive)),
        )
        return await serve_one(
            self._server,
            context,
            message["method"],
            message.get("params"),
            connection=Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities),
            lifespan_state={},
        )

    def _has_param_headers(self, message: Mapping[str, Any], found: Mapping[bytes, bytes]) -> bool:
        """Whether arguments of this call travel in headers too; comparing the two is the SDK's."""
        if any(name.startswith(_PARAM_HEADER) for name in found):
            return True
        name = (message.get("params") or {}).get("name")
        if message["method"] != "tools/call" or not isinstance(name, str):
            return False
        known = self._annotated.get(name)
        if known is None:
            lookup = self._server.get_tool_input_schema
            schema = lookup(name) if lookup is not None else None
            if schema is None:
                return lookup is None
            known = self._annotated[name] = X_MCP_HEADER_KEY in msgspec.json.encode(schema).decode()
        return known


def _route(message: Mapping[str, Any], found: Mapping[bytes, bytes]) -> InboundModernRoute | None:
    """What one self-contained request says of itself; None when its envelope, its headers or its revision need a refusal."""
    version = found.get(_VERSION_HEADER, b"").decode("latin-1")
    if not version or version in HANDSHAKE_PROTOCOL_VERSIONS:
        return InboundModernRoute(version or DEFAULT_NEGOTIATED_VERSION, None, None)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in found.items() if name[:4] == b"mcp-"}
    verdict = classify_inbound_request(message, headers=headers)
    return None if isinstance(verdict, InboundLadderRejection) else verdict
