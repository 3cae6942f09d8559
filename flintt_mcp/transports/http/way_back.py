"""What a handler can reach of its client while it answers one request: nothing, its notifications, or questions as well.

In: one request, and where messages ahead of its answer go. Out: the SDK's `DispatchContext` of that request. It knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.jsonrpc_dispatcher import progress_token_from_params
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from starlette.requests import Request
from starlette.types import Scope

from flintt_mcp.transports.envelope import RequestId

Tell = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Sends a JSON-RPC message ahead of the answer."""
Ask = Callable[[str, Mapping[str, Any] | None], Awaitable[dict[str, Any]]]
"""Asks the client: (method, params) -> the result.

Raises MCPError when the client answers with an error, or not in time.
"""
_ALONE = TransportContext(kind="streamable-http", can_send_request=False)
_ASKING = TransportContext(kind="streamable-http", can_send_request=True)


@dataclass(slots=True)
class WayBack:
    """The way back to the client of one request. Without `tell` nothing is shown, without `ask` nothing is asked."""

    request_id: RequestId
    message_metadata: ServerMessageMetadata
    token: str | int | None = None
    tell: Tell | None = None
    ask: Ask | None = None
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)

    @property
    def transport(self) -> TransportContext:
        return _ALONE if self.ask is None else _ASKING

    @property
    def can_send_request(self) -> bool:
        return self.ask is not None

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        if self.ask is None:
            raise NoBackChannelError(method)
        return await self.ask(method, params)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        if self.tell is not None:
            told = {} if params is None else {"params": dict(params)}
            await self.tell({"jsonrpc": "2.0", "method": method, **told})

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        if self.token is None:
            return
        shown: dict[str, Any] = {"progressToken": self.token, "progress": progress}
        shown |= {name: value for name, value in (("total", total), ("message", message)) if value is not None}
        await self.notify("notifications/progress", shown)


def way_back(message: Mapping[str, Any], scope: Scope, tell: Tell | None = None, ask: Ask | None = None) -> WayBack:
    """The way back to the client of a request that came with `scope`."""
    metadata = ServerMessageMetadata(request_context=Request(scope))
    return WayBack(message["id"], metadata, progress_token_from_params(message.get("params")), tell, ask)
