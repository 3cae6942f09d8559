"""notifications/tasks: where tasks stand, told to a client that listens, for as long as it listens.

In: subscriptions/listen with `taskIds`, of which the SDK knows nothing; any other request goes on. Out: on its stream, which tasks
are told of, each as tasks/get tells it whenever that has changed, and the end once all are over. The key of the listening request
lives with its stream; looks are no more frequent than a task's own pause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import INVALID_PARAMS, SERVER_INFO_META_KEY
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from flintt_mcp.calls.following import Task
from flintt_mcp.face.face import Face
from flintt_mcp.face.shown import Context
from flintt_mcp.face.tasks import check_declared, detailed, find_task

MOST = 20
"""Tasks that one stream tells of; the answer says which."""
_OVER = frozenset({"completed", "failed", "cancelled"})


class _Notification(BaseModel):
    """A notification whose params are made here."""

    method: str
    params: dict[str, Any]


class TaskNotifications:
    """SDK middleware: answers those who listen to tasks. A handler would make the SDK promise other kinds of news as well."""

    def __init__(self, face: Face, stamp: Mapping[str, Any]) -> None:
        self._face = face
        self._stamp = dict(stamp)

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        ids = _task_ids(ctx)
        if ids is None:
            return await call_next(ctx)
        check_declared(ctx)
        found = [await find_task(self._face, ctx, id) for id in dict.fromkeys(ids[:MOST])]
        tasks = [task for task in found if task is not None]
        listened = {"notifications": {"taskIds": [task.intent.id for task in tasks]}}
        await self._tell(ctx, "notifications/subscriptions/acknowledged", listened)
        await self._follow_all(ctx, tasks)
        return {"resultType": "complete", "_meta": {**_meta(ctx), SERVER_INFO_META_KEY: self._stamp}}

    async def _follow_all(self, ctx: Context, tasks: Sequence[Task]) -> None:
        """Tell of these tasks until all are over, or until the server stops."""
        scope = anyio.CancelScope()
        self._face.listeners.add(scope.cancel)
        try:
            with scope:
                async with anyio.create_task_group() as group:
                    for task in tasks:
                        group.start_soon(self._follow, ctx, task)
        finally:
            self._face.listeners.discard(scope.cancel)

    async def _follow(self, ctx: Context, task: Task) -> None:
        """Tell of one task until it is over, or until it cannot be looked at."""
        told: dict[str, Any] = {}
        while told.get("status") not in _OVER:
            try:
                now = await detailed(self._face, ctx, task)
            except MCPError:
                return  # whoever asks with tasks/get is told why
            if now != told:
                await self._tell(ctx, "notifications/tasks", now)
            told = now
            await anyio.sleep(now["pollIntervalMs"] / 1000)

    async def _tell(self, ctx: Context, method: str, params: Mapping[str, Any]) -> None:
        told = _Notification(method=method, params={**params, "_meta": _meta(ctx)})
        await ctx.session.send_notification(told, related_request_id=ctx.request_id)  # type: ignore[arg-type]  # none of the SDK's union


def _meta(ctx: Context) -> dict[str, Any]:
    return {SUBSCRIPTION_ID_META_KEY: ctx.request_id}


def _task_ids(ctx: Context) -> list[str] | None:
    """The tasks that a request wants to hear of; None for a request that wants nothing of the kind.

    Raises:
        MCPError: it names them in a way that nobody can read.
    """
    if ctx.method != "subscriptions/listen" or ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return None
    wanted = (ctx.params or {}).get("notifications")
    if not isinstance(wanted, Mapping) or "taskIds" not in wanted:
        return None
    ids = wanted["taskIds"]
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise MCPError(INVALID_PARAMS, "notifications.taskIds takes a list of task ids")
    return ids
