"""Tools: the list of them and calls, answered as the SDK does it and, where that is enough, without its passes over the result.

In: a `Face`. Out: the two handlers, and a middleware that answers before them. Names are checked here, arguments in the
pipeline; both ways give the same answers, which a test holds them to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, SERVER_INFO_META_KEY, CallToolRequestParams, PaginatedRequestParams
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.inventory import no_tool
from flintt_mcp.calls.reply import Reply
from flintt_mcp.errors import UnknownTool
from flintt_mcp.face.face import Face
from flintt_mcp.face.questions import AskAgain, rounds
from flintt_mcp.face.replies import ToolAnswers, tool_list
from flintt_mcp.face.shown import Context, McpChannel, one_page
from flintt_mcp.face.tasks import check_declared, result_of

SESSION_HEADER = "mcp-session-id"


def list_tools(face: Face) -> Callable[..., Any]:
    """Answers `tools/list`: the tools that the caller of a request sees."""

    async def answer(ctx: Context, params: PaginatedRequestParams | None) -> dict[str, Any]:
        one_page(params)
        return tool_list(face.inventory, face.caller_of(ctx))

    return answer


def call_tool(face: Face) -> Callable[..., Any]:
    """Answers `tools/call`: runs the pipeline, in rounds while the tool has questions."""

    async def answer(ctx: Context, params: CallToolRequestParams) -> dict[str, Any]:
        caller, channel = face.caller_of(ctx), McpChannel(ctx)
        try:
            tool = face.inventory.find(params.name, caller)
        except UnknownTool as error:
            await face.pipeline.run(Call(no_tool(), {}, caller, channel))
            raise MCPError(INVALID_PARAMS, ". ".join(filter(None, (error.message, error.advice)))) from None

        if tool.begins is not None and tool.begins.required:
            check_declared(ctx)

        async def run(again: AskAgain) -> Reply:
            return await face.pipeline.run(
                Call(tool, params.arguments or {}, caller, channel, again.answers, again.state)
            )

        reply = await rounds(ctx, params, run)
        return reply if isinstance(reply, dict) else await result_of(face, ctx, tool, reply)

    return answer


class ToolAnswersFirst:
    """SDK middleware, innermost: what `ToolAnswers` can answer takes none of the SDK's passes over the result.

    The SDK validates and copies every result against its models; for results that are made here, in a form that tests check
    against those models, that is a large part of the cost of a call. Whatever they do not answer takes the SDK's own way.
    """

    def __init__(self, face: Face, answers: ToolAnswers) -> None:
        self._face = face
        self._answers = answers

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        result = None
        if ctx.method in ToolAnswers.METHODS and _is_open(ctx):
            result = await self._answers.answer(
                ctx.method, ctx.params or {}, self._face.caller_of(ctx), McpChannel(ctx), ctx.protocol_version
            )
        if result is not None and "tools" in result:  # they come written, and the SDK writes for itself
            return {**result, "tools": tool_list(self._face.inventory, self._face.caller_of(ctx))["tools"]}
        return await call_next(ctx) if result is None else result


def tool_answers(face: Face, server: Server[Any]) -> ToolAnswers:
    """What answers calls and lists of tools of this server."""
    return ToolAnswers(face.inventory, face.pipeline, {SERVER_INFO_META_KEY: server.server_info_stamp})


def _is_open(ctx: Context) -> bool:
    """Whether calls may run: a handshake session has to be initialized first, a single request stands for itself."""
    if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or ctx.session.client_params is not None:
        return True
    return ctx.request is not None and SESSION_HEADER not in ctx.request.headers and not ctx.session.can_send_request
