"""What every handler of the face stands on: what is shown, who sent a request, and the way back to its client.

In: what `app.py` composed, and the SDK's context of one request. Out: the `Caller` of that request, and a channel on which a tool
shows progress. It answers no request itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp.server.connection import allowed_log_levels
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    PaginatedRequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from flintt_mcp.calls.call import LogLevel
from flintt_mcp.calls.caller import Caller, ChannelKind
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.face.questions import offered
from flintt_mcp.offers.prompts import Prompt
from flintt_mcp.offers.resources import Resources
from flintt_mcp.offers.skills import Skill

Context = ServerRequestContext[Any, Any]
Handler = tuple[type[BaseModel], Callable[[Context, Any], Any]]
"""An added request handler: the model of its params, and the function."""


@dataclass(frozen=True, slots=True)
class Face:
    """What this server shows.

    `caller` is whoever started the process; `sender_of` reads from an HTTP request who sent it, as its transport knows. `extra`
    adds or replaces handlers by method; `state_key` seals what a client carries for us.
    """

    inventory: Inventory
    pipeline: Pipeline
    resources: Resources
    prompts: Sequence[Prompt]
    caller: Caller
    state_key: bytes = field(repr=False)
    instructions: str = ""
    skills: Sequence[Skill] = ()
    extra: Mapping[str, Handler] = field(default_factory=dict)
    sender_of: Callable[[Any], Caller] | None = None

    def caller_of(self, ctx: Context) -> Caller:
        """Who sent this request: its own credentials over HTTP, else whoever started the process.

        An HTTP request that nobody read a caller from fails: it must never count as whoever started the process.
        """
        if ctx.request is None:
            return self.caller
        if self.sender_of is None:
            raise LookupError("no transport said who sends its requests")
        return self.sender_of(ctx.request)


class McpChannel:
    """The way back to the client of one request."""

    __slots__ = ("_ctx", "kind")

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.kind: ChannelKind = "stdio" if ctx.request is None else "http"

    @property
    def asks(self) -> frozenset[str]:
        """What the client can be asked for; nothing where a handshake client has no way back."""
        if self._ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or self._ctx.session.can_send_request:
            return offered(self._ctx)
        return frozenset()

    @property
    def client(self) -> str:
        """What the client calls itself: in its handshake, or with this very request."""
        params = self._ctx.session.client_params
        return "" if params is None else params.client_info.name

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        await self._ctx.session.report_progress(done, total, message)

    async def log(self, level: LogLevel, data: Any) -> None:
        # The session's own method warns of the capability's deprecation; clients of every revision still ask for it.
        if level in allowed_log_levels(self._ctx.protocol_version, self._ctx.meta):
            params = LoggingMessageNotificationParams(level=level, data=data)
            await self._ctx.session.send_notification(
                LoggingMessageNotification(params=params), related_request_id=self._ctx.request_id
            )


def one_page(params: PaginatedRequestParams | None) -> None:
    """Nothing, for a request of a list as a whole.

    Raises:
        MCPError: it brings a cursor, and none was ever given out.
    """
    if params is not None and params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "Unknown cursor: this list has one page, call it without a cursor")
