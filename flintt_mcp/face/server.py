"""The SDK server, put together: every handler of the face, what clients may keep, and sealed state.

In: a `Face`, with the handlers that somebody adds (tests do). Out: one low-level SDK `Server` that every transport drives. The
SDK checks no arguments and forwards unknown names, so the handlers check names, and the pipeline arguments.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateBoundary, RequestStateSecurity

from flintt_mcp import __version__
from flintt_mcp.face import spans
from flintt_mcp.face.completions import complete
from flintt_mcp.face.face import Face
from flintt_mcp.face.greeting import EXTENSIONS, NAME, TITLE
from flintt_mcp.face.lists import LISTS_TTL_MS
from flintt_mcp.face.prompt_requests import get_prompt, list_prompts
from flintt_mcp.face.resource_requests import list_resources, list_templates, read_resource
from flintt_mcp.face.shown import Context
from flintt_mcp.face.skill_requests import skill_handlers
from flintt_mcp.face.task_notifications import TaskNotifications
from flintt_mcp.face.tasks import task_handlers
from flintt_mcp.face.tool_requests import ToolAnswersFirst, call_tool, list_tools, tool_answers
from flintt_mcp.offers.instructions import told_to

_STATE_SECONDS = 24 * 60 * 60.0
"""How long sealed state opens. What an answer is worth is for the intent to say, whose ten minutes are over first; the SDK's own
ten minutes would make a protocol error of a late answer, which says nothing about the call.
"""


def build_server(face: Face) -> Server[Any]:
    """The SDK server that shows `face`."""
    tools = {tool.name: tool for tool in face.inventory}
    server: Server[Any] = Server(
        NAME,
        version=__version__,
        title=TITLE,
        instructions=face.instructions or None,
        cache_hints=_cache_hints(),
        get_tool_input_schema=lambda name: tools[name].arguments.schema if name in tools else None,
        on_list_tools=list_tools(face),
        on_call_tool=call_tool(face),
        on_list_resources=list_resources(face),
        on_list_resource_templates=list_templates(face),
        on_read_resource=read_resource(face),
        on_list_prompts=list_prompts(face),
        on_get_prompt=get_prompt(face),
        on_completion=complete(face),
    )
    server.extensions.update(EXTENSIONS)
    for method, (params_type, handler) in {**skill_handlers(face), **task_handlers(face), **face.extra}.items():
        server.add_request_handler(method, params_type, handler)
    _put_middleware(server, face)
    return server


def _put_middleware(server: Server[Any], face: Face) -> None:
    """What every message passes, outermost first."""
    if not spans.are_wanted():
        # The spans would go nowhere, at a tenth of a call's cost.
        server.middleware.clear()
    security = RequestStateSecurity(
        codec=LateCodec(face.state_key),
        ttl=_STATE_SECONDS,
        bind_principal=lambda ctx: face.caller_of(ctx).principal,  # the SDK's own knows nobody on stdio
    )
    server.middleware[:] = [
        only_notifications_without_id,
        partial(_told_of_placeholders, face),
        *server.middleware,
        RequestStateBoundary(security, default_audience=NAME),
        TaskNotifications(face, server.server_info_stamp),
        ToolAnswersFirst(face, tool_answers(face, server)),
    ]


async def only_notifications_without_id(ctx: Context, call_next: CallNext) -> HandlerResult:
    """SDK middleware, outermost: of what comes without an id nothing but a notification goes on.

    The SDK sends both through one chain, and a request whose outcome nobody can be told must not be done.
    """
    if ctx.request_id is None and not ctx.method.startswith("notifications/"):
        return None
    return await call_next(ctx)


async def _told_of_placeholders(face: Face, ctx: Context, call_next: CallNext) -> HandlerResult:
    """SDK middleware: who comes with a placeholder in place of a key is told so with the first answer."""
    result = await call_next(ctx)
    if ctx.method not in ("initialize", "server/discover") or not isinstance(result, dict):
        return result
    caller = face.caller_of(ctx)
    return {**result, "instructions": told_to(caller, face.instructions)} if caller.unfilled else result


class LateCodec:
    """The SDK's codec for sealed state, made at the first seal: most servers never ask anything, and loading it costs memory."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @cached_property
    def _codec(self) -> AESGCMRequestStateCodec:
        return AESGCMRequestStateCodec([self._key])

    def seal(self, payload: bytes) -> str:
        return self._codec.seal(payload)

    def unseal(self, token: str) -> bytes:
        return self._codec.unseal(token)


def makes_spans(server: Server[Any]) -> bool:
    """Whether requests have to pass the SDK's middleware, since somebody set up OpenTelemetry."""
    return any(isinstance(part, OpenTelemetryMiddleware) for part in server.middleware)


def _cache_hints() -> Any:
    # What a list shows depends on what the request narrows it to, so it is the caller's own.
    lists = CacheHint(LISTS_TTL_MS, "private")
    return {
        "tools/list": lists,
        "resources/list": lists,
        "resources/templates/list": lists,
        "prompts/list": lists,
        "server/discover": CacheHint(LISTS_TTL_MS, "public"),
        "resources/read": CacheHint(0, "private"),
    }
