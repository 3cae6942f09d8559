"""The MCP face: renders tools, resources, prompts and replies for whatever protocol revision the client speaks.

In: the inventory, the pipeline, resources and prompts that `app.py` composed, and handlers that somebody adds (tests do).
Out: one low-level SDK `Server` that every transport drives. It holds no rule about a tool: those live in the pipeline. The SDK
checks no arguments and forwards unknown names, so names are checked here and arguments in the pipeline.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.caching import CacheHint
from mcp.server.connection import allowed_log_levels
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    SERVER_INFO_META_KEY,
    CallToolRequestParams,
    CompleteRequestParams,
    GetPromptRequestParams,
    LoggingLevel,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    PaginatedRequestParams,
    ReadResourceRequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider
from pydantic import BaseModel

from flintt_mcp import __version__
from flintt_mcp.arguments import shown_name
from flintt_mcp.credentials import CALLER, Caller, ChannelKind
from flintt_mcp.errors import FlinttError, UnknownTool
from flintt_mcp.prompts import Filling, Prompt
from flintt_mcp.questions import AskAgain, offered, rounds
from flintt_mcp.replies import LISTS_TTL_MS, PlainAnswers, tool_list, tool_result
from flintt_mcp.resources import Completer, Reading, Resource, Resources
from flintt_mcp.tools import Call, Inventory, Pipeline, Reply
from flintt_mcp.wording import told

NAME = "flintt-mcp"
_COMPLETIONS = 100
SESSION_HEADER = "mcp-session-id"

Context = ServerRequestContext[Any, Any]
Handler = tuple[type[BaseModel], Callable[[Context, Any], Any]]
"""An added request handler: the model of its params, and the function."""


@dataclass(frozen=True, slots=True)
class Face:
    """What this server shows. `extra` adds or replaces handlers by method; `state_key` seals what a client carries for us."""

    inventory: Inventory
    pipeline: Pipeline
    resources: Resources
    prompts: Sequence[Prompt]
    caller: Caller
    state_key: bytes
    instructions: str = ""
    extra: Mapping[str, Handler] = field(default_factory=dict)

    def caller_of(self, ctx: Context) -> Caller:
        """Who sent this request: its own credentials over HTTP, else whoever started the process.

        An HTTP request that nobody read a caller from fails: it must never count as whoever started the process.
        """
        request = ctx.request
        return self.caller if request is None else request.scope[CALLER]


class McpChannel:
    """The way back to the client of one request."""

    __slots__ = ("_ctx", "kind")

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.kind: ChannelKind = "stdio" if ctx.request is None else "http"

    @property
    def asks(self) -> frozenset[str]:
        """What the client can be asked for."""
        return offered(self._ctx)

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        await self._ctx.session.report_progress(done, total, message)

    async def log(self, level: LoggingLevel, data: Any) -> None:
        # The session's own method warns of the capability's deprecation; clients of every revision still ask for it.
        if level in allowed_log_levels(self._ctx.protocol_version, self._ctx.meta):
            params = LoggingMessageNotificationParams(level=level, data=data)
            await self._ctx.session.send_notification(
                LoggingMessageNotification(params=params), related_request_id=self._ctx.request_id
            )


def build_server(face: Face) -> Server[Any]:
    """The SDK server that shows `face`."""
    tools = {tool.name: tool for tool in face.inventory}
    server: Server[Any] = Server(
        NAME,
        version=__version__,
        title="Flintt",
        instructions=face.instructions or None,
        cache_hints=_cache_hints(),
        get_tool_input_schema=lambda name: tools[name].arguments.schema if name in tools else None,
        on_list_tools=_list_tools(face),
        on_call_tool=_call_tool(face),
        on_list_resources=_list_resources(face.resources.fixed, "resources", "uri"),
        on_list_resource_templates=_list_resources(face.resources.templates, "resourceTemplates", "uriTemplate"),
        on_read_resource=_read_resource(face),
        on_list_prompts=_list_prompts(face.prompts),
        on_get_prompt=_get_prompt(face),
        on_completion=_complete(face),
    )
    if isinstance(get_tracer_provider(), ProxyTracerProvider):
        # No OpenTelemetry SDK was set up when this process started: the spans would go nowhere, at a tenth of a call's cost.
        server.middleware.clear()
    for method, (params_type, handler) in face.extra.items():
        server.add_request_handler(method, params_type, handler)
    security = RequestStateSecurity(codec=LateCodec(face.state_key))
    server.middleware.append(RequestStateBoundary(security, default_audience=NAME))
    server.middleware.append(DirectAnswers(face, plain_answers(face, server)))
    return server


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


class DirectAnswers:
    """SDK middleware: answers plain tool calls and tool lists without the SDK's passes over the result.

    The SDK validates and copies every result against its models; for results that are made here, in a form that tests check
    against those models, that is a large part of the cost of a call. Whatever is not a plain request takes the SDK's own way.
    """

    def __init__(self, face: Face, plain: PlainAnswers) -> None:
        self._face = face
        self._plain = plain

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        result = None
        if ctx.method in PlainAnswers.METHODS and _is_open(ctx):
            modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
            result = await self._plain.answer(
                ctx.method, ctx.params or {}, self._face.caller_of(ctx), McpChannel(ctx), modern=modern
            )
        return await call_next(ctx) if result is None else result


def plain_answers(face: Face, server: Server[Any]) -> PlainAnswers:
    """What answers plain requests of this server."""
    return PlainAnswers(face.inventory, face.pipeline, {SERVER_INFO_META_KEY: server.server_info_stamp})


def makes_spans(server: Server[Any]) -> bool:
    """Whether requests have to pass the SDK's middleware, since somebody set up OpenTelemetry."""
    return any(isinstance(part, OpenTelemetryMiddleware) for part in server.middleware)


def _is_open(ctx: Context) -> bool:
    """Whether calls may run: a handshake session has to be initialized first, a single request stands for itself."""
    if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS or ctx.session.client_params is not None:
        return True
    return ctx.request is not None and SESSION_HEADER not in ctx.request.headers and not ctx.session.can_send_request


def _cache_hints() -> Any:
    lists = CacheHint(LISTS_TTL_MS, "public")
    return {
        # What tools/list shows depends on what the request narrows it to, so it is the caller's own.
        "tools/list": CacheHint(LISTS_TTL_MS, "private"),
        "resources/list": lists,
        "resources/templates/list": lists,
        "prompts/list": lists,
        "server/discover": lists,
        "resources/read": CacheHint(0, "private"),
    }


def _one_page(params: PaginatedRequestParams | None) -> None:
    if params is not None and params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "Unknown cursor: this list has one page, call it without a cursor")


def _list_tools(face: Face) -> Callable[..., Any]:
    async def list_tools(ctx: Context, params: PaginatedRequestParams | None) -> dict[str, Any]:
        _one_page(params)
        return tool_list(face.inventory, face.caller_of(ctx))

    return list_tools


def _call_tool(face: Face) -> Callable[..., Any]:
    async def call_tool(ctx: Context, params: CallToolRequestParams) -> dict[str, Any]:
        caller = face.caller_of(ctx)
        try:
            tool = face.inventory.find(params.name, caller)
        except UnknownTool as error:
            raise MCPError(INVALID_PARAMS, ". ".join(filter(None, (error.message, error.advice)))) from None
        channel = McpChannel(ctx)

        async def run(again: AskAgain) -> Reply:
            return await face.pipeline.run(
                Call(tool, params.arguments or {}, caller, channel, again.answers, again.state)
            )

        reply = await rounds(ctx, params, run)
        return reply if isinstance(reply, dict) else tool_result(tool, reply)

    return call_tool


def _list_resources(rows: Iterable[Resource], key: str, uri_key: str) -> Callable[..., Any]:
    shown = [
        {uri_key: row.uri, "name": row.name, "title": row.title, "description": row.about, "mimeType": row.mime_type}
        for row in rows
    ]

    async def list_resources(ctx: Context, params: PaginatedRequestParams | None) -> dict[str, Any]:
        _one_page(params)
        return {"resultType": "complete", key: shown}

    return list_resources


def _read_resource(face: Face) -> Callable[..., Any]:
    async def read_resource(ctx: Context, params: ReadResourceRequestParams) -> dict[str, Any]:
        found = face.resources.find(params.uri)
        if found is None:
            raise _not_there(params.uri, "resources/list and resources/templates/list name those there are")
        resource, values = found
        caller, channel = face.caller_of(ctx), McpChannel(ctx)

        async def run(again: AskAgain) -> Any:
            return await resource.read(Reading(params.uri, values, caller, channel, again.answers, again.state))

        try:
            contents = await rounds(ctx, params, run)
        except FlinttError as error:
            raise _not_there(params.uri, told(error, "resources/read")) from None
        if isinstance(contents, dict):
            return contents
        item: dict[str, Any] = {"uri": params.uri, "mimeType": contents.mime_type}
        if contents.blob is not None:
            item["blob"] = base64.b64encode(contents.blob).decode()
        else:
            item["text"] = contents.text or ""
        scope = "public" if resource.public else "private"
        return {"contents": [item], "ttlMs": resource.ttl_ms, "cacheScope": scope, "resultType": "complete"}

    return read_resource


def _not_there(uri: str, why: str) -> MCPError:
    return MCPError(INVALID_PARAMS, f"Resource not found or not readable. {why}", {"uri": shown_name(uri)})


def _list_prompts(prompts: Sequence[Prompt]) -> Callable[..., Any]:
    shown = [
        {
            "name": prompt.name,
            "title": prompt.title,
            "description": prompt.about,
            "arguments": [
                {"name": arg.name, "description": arg.about, "required": arg.required} for arg in prompt.arguments
            ],
        }
        for prompt in prompts
    ]

    async def list_prompts(ctx: Context, params: PaginatedRequestParams | None) -> dict[str, Any]:
        _one_page(params)
        return {"resultType": "complete", "prompts": shown}

    return list_prompts


def _get_prompt(face: Face) -> Callable[..., Any]:
    prompts = {prompt.name: prompt for prompt in face.prompts}

    async def get_prompt(ctx: Context, params: GetPromptRequestParams) -> dict[str, Any]:
        prompt = prompts.get(params.name)
        if prompt is None:
            raise MCPError(
                INVALID_PARAMS, f"Unknown prompt: {shown_name(params.name)}. There are: {', '.join(prompts)}"
            )
        values = {name: value for name, value in (params.arguments or {}).items() if value != ""}
        _check_values(prompt, values)

        async def run(again: AskAgain) -> Any:
            return await prompt.render(Filling(values, face.caller_of(ctx), again.answers, again.state))

        messages = await rounds(ctx, params, run)
        if isinstance(messages, dict):
            return messages
        return {"description": prompt.about, "messages": list(messages), "resultType": "complete"}

    return get_prompt


def _check_values(prompt: Prompt, values: Mapping[str, str]) -> None:
    known = [arg.name for arg in prompt.arguments]
    missing = [arg.name for arg in prompt.arguments if arg.required and arg.name not in values]
    unknown = [shown_name(name) for name in values if name not in known]
    if missing:
        raise MCPError(INVALID_PARAMS, f"The prompt {prompt.name} needs {', '.join(missing)}")
    if unknown:
        raise MCPError(
            INVALID_PARAMS, f"The prompt {prompt.name} takes {', '.join(known) or 'nothing'}, not {unknown[0]}"
        )


def _complete(face: Face) -> Callable[..., Any]:
    async def complete(ctx: Context, params: CompleteRequestParams) -> dict[str, Any]:
        completer = _completer(face, params)
        so_far = dict(params.context.arguments or {}) if params.context is not None else {}
        values: list[str] = []
        if completer is not None:
            values = await completer(params.argument.value, face.caller_of(ctx), so_far)
        shown = values[:_COMPLETIONS]
        completion = {"values": shown, "total": len(values), "hasMore": len(values) > len(shown)}
        return {"completion": completion, "resultType": "complete"}

    return complete


def _completer(face: Face, params: CompleteRequestParams) -> Completer | None:
    """What completes this argument; None where nothing can be suggested for it."""
    if params.ref.type == "ref/prompt":
        prompt = next((prompt for prompt in face.prompts if prompt.name == params.ref.name), None)
        if prompt is None:
            raise MCPError(INVALID_PARAMS, f"Unknown prompt: {shown_name(params.ref.name)}")
        return next((arg.complete for arg in prompt.arguments if arg.name == params.argument.name), None)
    rows = face.resources.templates + face.resources.fixed
    resource = next((row for row in rows if row.uri == params.ref.uri), None)
    if resource is None:
        raise MCPError(INVALID_PARAMS, "Unknown resource template; resources/templates/list names those there are")
    return resource.complete.get(params.argument.name)
