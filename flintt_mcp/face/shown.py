"""What every handler of the face stands on beside what is shown: the SDK's context of a request, and the way back to its client.

In: the SDK's context of one request. Out: a channel on which a tool shows progress. It answers no request itself.
"""

from __future__ import annotations

from collections.abc import Callable
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
from flintt_mcp.calls.caller import ChannelKind
from flintt_mcp.face.face import Face
from flintt_mcp.face.greeting import TASKS
from flintt_mcp.face.lists import Lists
from flintt_mcp.face.questions import offered

Context = ServerRequestContext[Any, Any]
Handler = tuple[type[BaseModel], Callable[[Context, Any], Any]]
"""An added request handler: the model of its params, and the function."""


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

    @property
    def follows(self) -> bool:
        """Whether the client follows tasks, as it declared on this very request."""
        return follows_tasks(self._ctx)

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        await self._ctx.session.report_progress(done, total, message)

    async def log(self, level: LogLevel, data: Any) -> None:
        # The session's own method warns of the capability's deprecation; clients of every revision still ask for it.
        if level in allowed_log_levels(self._ctx.protocol_version, self._ctx.meta):
            params = LoggingMessageNotificationParams(level=level, data=data)
            await self._ctx.session.send_notification(
                LoggingMessageNotification(params=params), related_request_id=self._ctx.request_id
            )


def follows_tasks(ctx: Context) -> bool:
    """Whether the client declared the Tasks extension, on this very request."""
    declared = ctx.session.client_capabilities
    return (
        ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        and declared is not None
        and TASKS in (declared.extensions or {})
    )


def one_page(params: PaginatedRequestParams | None) -> None:
    """Nothing, for a request of a list as a whole.

    Raises:
        MCPError: it brings a cursor, and none was ever given out.
    """
    if params is not None and params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "Unknown cursor: this list has one page, call it without a cursor")


def listing(face: Face, method: str) -> Callable[..., Any]:
    """The handler of a list of rows beside tools."""
    lists = Lists(face)

    async def answer(ctx: Context, params: PaginatedRequestParams | None) -> dict[str, Any]:
        one_page(params)
        return {"resultType": "complete", **lists.shown(method, face.caller_of(ctx))}

    return answer
