"""The Tasks extension (SEP-2663): work that goes on after its call, as a task that a client follows.

In: requests that declare the extension, each by itself; any others are refused. Out: a task in place of the result of a call that
begins such work, and the answers to tasks/get, tasks/update and tasks/cancel. A task is the intent that began the work: its caller
alone knows it, every process does, and so after a restart. What the text leaves open is decided in docs/tasks.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp_types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    RequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field

from flintt_mcp.calls.following import Task
from flintt_mcp.calls.reply import Done, Refused
from flintt_mcp.calls.standing import Stage
from flintt_mcp.calls.tool import Tool
from flintt_mcp.calls.wording import told
from flintt_mcp.errors import FlinttError, RateLimited
from flintt_mcp.face.face import Face
from flintt_mcp.face.greeting import TASKS
from flintt_mcp.face.questions import is_answer, needed, offered
from flintt_mcp.face.replies import tool_result
from flintt_mcp.face.shown import Context, McpChannel, follows_tasks

_REQUIRED: dict[str, Any] = {"requiredCapabilities": {"extensions": {TASKS: {}}}}
_LONGEST_ID = 100


class TaskParams(RequestParams):
    """Params of tasks/get and tasks/cancel."""

    task_id: str = Field(alias="taskId")


class UpdateParams(TaskParams):
    """Params of tasks/update. What is no answer to an open question may look like anything."""

    input_responses: dict[str, Any] = Field(alias="inputResponses")


def check_declared(ctx: ServerRequestContext[Any, Any]) -> None:
    """Nothing, for a client that declared the extension on this request.

    Raises:
        MCPError: it did not.
    """
    if not follows_tasks(ctx):
        raise MCPError(
            MISSING_REQUIRED_CLIENT_CAPABILITY, f"The client does not declare {TASKS} on this request", _REQUIRED
        )


async def result_of(face: Face, ctx: Context, tool: Tool, reply: Done | Refused) -> dict[str, Any]:
    """The result of tools/call: a task where the call began work and its client follows tasks, else the reply itself.

    What was done is done: where the task cannot be found any more, the reply goes out.
    """
    if isinstance(reply, Done) and tool.begins is not None and follows_tasks(ctx):
        with suppress(FlinttError):
            task = await face.following.find(reply.intent, face.caller_of(ctx), McpChannel(ctx))
            if task is not None:
                return {"resultType": "task", "status": "working", **_head(task)}
    return tool_result(tool, reply)


def task_handlers(face: Face) -> dict[str, tuple[type[RequestParams], Callable[..., Any]]]:
    """The handlers of the extension's methods, each with the model of its params."""

    async def get(ctx: Context, params: TaskParams) -> dict[str, Any]:
        return await detailed(face, ctx, await _known(face, ctx, params))

    async def update(ctx: Context, params: UpdateParams) -> dict[str, Any]:
        task = await _known(face, ctx, params)
        asked = task.followed.open_requests
        answers = {name: answer for name, answer in params.input_responses.items() if name in asked}
        for name, answer in answers.items():
            if not is_answer(asked[name], answer):
                raise MCPError(
                    INVALID_PARAMS, f"inputResponses: what came for {name} is no answer to {asked[name]['method']}"
                )
        await face.following.answer(task, answers)
        return {}

    async def cancel(ctx: Context, params: TaskParams) -> dict[str, Any]:
        await face.following.call_off(await _known(face, ctx, params))
        return {}

    return {
        "tasks/get": (TaskParams, get),
        "tasks/update": (UpdateParams, update),
        "tasks/cancel": (TaskParams, cancel),
    }


async def detailed(face: Face, ctx: Context, task: Task) -> dict[str, Any]:
    """A task as tasks/get and its notifications tell it, as it stands now.

    Raises:
        MCPError: it could not be looked at, and the next look will not do better.
    """
    try:
        task = await face.following.look(task)
    except FlinttError as error:
        raise MCPError(INTERNAL_ERROR, told(error, task.call.tool.name)) from None
    return {**_head(task), **_payload(task, offered(ctx))}


async def _known(face: Face, ctx: Context, params: TaskParams) -> Task:
    """The task that a request names.

    Raises:
        MCPError: the client does not follow tasks, its header names another one, or there is none for this caller.
    """
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        raise MCPError(METHOD_NOT_FOUND, "Method not found", ctx.method)
    check_declared(ctx)
    named = None if ctx.request is None else ctx.request.headers.get(MCP_NAME_HEADER)
    if named is not None and decode_header_value(named) != params.task_id:
        # The SDK compares this header for methods of the core alone. Its client sends none for others, so a missing one passes.
        raise MCPError(
            HEADER_MISMATCH, f"{MCP_NAME_HEADER} header does not match the request body's 'taskId' parameter"
        )
    task = await find_task(face, ctx, params.task_id)
    if task is None:
        raise MCPError(
            INVALID_PARAMS, "There is no task of that id for this key; a day after its last step it is forgotten"
        )
    return task


async def find_task(face: Face, ctx: Context, id: str) -> Task | None:
    """The task of that id, where it is the caller's.

    Raises:
        MCPError: the server cannot use its store.
    """
    if len(id) > _LONGEST_ID:
        return None
    try:
        return await face.following.find(id, face.caller_of(ctx), McpChannel(ctx))
    except FlinttError as error:
        raise MCPError(INTERNAL_ERROR, told(error, ctx.method)) from None


def _head(task: Task) -> dict[str, Any]:
    """What every shape of a task tells."""
    intent, followed = task.intent, task.followed
    pause = task.watched.pause
    if isinstance(task.trouble, RateLimited) and task.trouble.retry_after:
        pause = max(pause, task.trouble.retry_after)
    return {
        "taskId": intent.id,
        "statusMessage": _message(task),
        "createdAt": _moment(intent.made_at),
        "lastUpdatedAt": _moment(max(followed.since, intent.made_at)),
        "ttlMs": math.floor((intent.kept_until - intent.made_at) * 1000),
        "pollIntervalMs": math.ceil(pause * 1000),
    }


def _message(task: Task) -> str:
    standing = task.followed.standing
    parts = [standing.said, standing.next and f"Next: {standing.next}"]
    if task.followed.called_off and not standing.stage.over:
        parts.append("Nothing here can end it, so it goes on")
    if task.trouble is not None:
        parts.append(f"That is how it was last seen: {task.trouble.message}")
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _payload(task: Task, can_be_asked: frozenset[str]) -> dict[str, Any]:
    """The status, and what belongs to it. A client that cannot be asked, or called it off, sees that the work goes on."""
    standing = task.followed.standing
    match standing.stage:
        case Stage.PERSON:
            asked = {
                name: dict(request)
                for name, request in task.followed.open_requests.items()
                if needed(request) in can_be_asked and not task.followed.called_off
            }
            return {"status": "input_required", "inputRequests": asked} if asked else {"status": "working"}
        case Stage.BROKEN:
            return {"status": "failed", "error": {"code": standing.code, "message": standing.said}}
        case Stage.DONE | Stage.FAILED:  # the text keeps `failed` for errors of the protocol
            return {"status": "completed", "result": _result(task)}
        case Stage.CALLED_OFF:
            return {"status": "cancelled"}
        case Stage.WORKING:
            return {"status": "working"}


def _result(task: Task) -> Mapping[str, Any]:
    """What the call would have answered, had it waited for its work."""
    standing, tool = task.followed.standing, task.call.tool
    if standing.stage is Stage.FAILED:
        return tool_result(tool, Refused(FlinttError(standing.said, changed="yes", advice=standing.next)))
    done = standing.told or Done()
    text = "\n".join(filter(None, (standing.said + ".", standing.next and f"Next: {standing.next}.", done.text)))
    return tool_result(tool, Done(text, done.structured))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
