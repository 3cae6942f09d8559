"""One request, answered by the SDK's kernel, or without its passes over the result where that gives the same.

In: a decoded request whose outside was checked, its client, and the way back to it. Out: a JSON-RPC reply and the HTTP status that
goes with it. The server's lifespan must be the SDK's empty one. It knows no transport but the scope that handlers see.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS
from mcp_types import InitializeRequestParams
from mcp_types.version import LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS
from starlette.types import Scope

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.http.exchanges.gate import CALLER
from flintt_mcp.transports.http.way_back import WayBack, way_back

ToolAnswer = Callable[[str, Mapping[str, Any], Caller, str, str], Awaitable[dict[str, Any] | None]]
"""Answers calls and lists of tools: (method, params, caller, revision, client's name) -> the result, or None for a request that it
leaves to the SDK."""


class Client(msgspec.Struct, frozen=True):
    """What is known of a client: its revision of the protocol, and what it said of itself, in the form of the wire."""

    revision: str
    info: Any = None
    capabilities: Any = None

    @property
    def name(self) -> str:
        """What the client calls itself; "" where it says nothing."""
        name = self.info.get("name") if isinstance(self.info, dict) else None
        return name if isinstance(name, str) else ""


class Reply(NamedTuple):
    """A JSON-RPC reply and its HTTP status."""

    message: dict[str, Any]
    status: int


class Kernel:
    """Answers requests of one server."""

    def __init__(self, server: Server[Any], tool_answer: ToolAnswer | None = None) -> None:
        self.server = server
        self._tool_answer = tool_answer

    async def quick(self, message: Mapping[str, Any], client: Client, scope: Scope) -> Reply | None:
        """The reply to a call or a list of tools that shows and asks nothing on the way; None for whatever needs `reply`."""
        if self._tool_answer is None:
            return None
        params = message.get("params") or {}
        result = await self._tool_answer(message["method"], params, scope[CALLER], client.revision, client.name)
        return None if result is None else Reply({"jsonrpc": "2.0", "id": message["id"], "result": result}, 200)

    async def reply(self, message: Mapping[str, Any], client: Client, scope: Scope, back: WayBack) -> Reply:
        """The reply to any request but `initialize`."""
        connection = Connection.from_envelope(client.revision, client.info, client.capabilities)
        return await self._served(message, connection, scope, back)

    async def initialize(
        self, message: Mapping[str, Any], scope: Scope
    ) -> tuple[Reply, InitializeRequestParams | None, str]:
        """The reply to `initialize`, what the client said if that succeeded, and the revision that was agreed on."""
        connection = Connection.from_envelope(LATEST_HANDSHAKE_VERSION, None, None)
        reply = await self._served(message, connection, scope, way_back(message, scope))
        return reply, connection.client_params, connection.protocol_version

    async def _served(self, message: Mapping[str, Any], connection: Connection, scope: Scope, back: WayBack) -> Reply:
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        revision = connection.protocol_version
        # The SDK binds what it seals for a client to the user that is known here.
        user = auth_context_var.set(scope["user"])
        try:
            result = await serve_one(
                self.server, back, message["method"], message.get("params"), connection=connection, lifespan_state={}
            )
            return Reply({**reply, "result": result}, 200)
        except Exception as error:
            # The SDK's own boundary does the same: what it knows is told, anything else is logged and told as internal.
            wire = modern_error_data(error).model_dump(by_alias=True, mode="json", exclude_none=True)
            status = ERROR_CODE_HTTP_STATUS.get(wire["code"], 200) if revision in MODERN_PROTOCOL_VERSIONS else 200
            return Reply({**reply, "error": wire}, status)
        finally:
            auth_context_var.reset(user)
