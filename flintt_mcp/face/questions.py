"""Questions to the client in the middle of a request, the same for a handler at every protocol revision.

A handler that needs an answer replies `Ask`. At 2026-07-28 the question goes back as an `input_required` result and the client
calls again; on a handshake session it is asked on the open connection and the handler runs again here. Either way the handler
sees the answers under the names it gave. A client is only asked what it said it can do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    INVALID_REQUEST,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CreateMessageRequest,
    CreateMessageResult,
    ElicitRequest,
    ElicitResult,
    ListRootsRequest,
    ListRootsResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ValidationError

from flintt_mcp.calls.asking import URL
from flintt_mcp.calls.reply import Ask

_MOST_ROUNDS = 8
_ASKED: dict[str, tuple[str, type[BaseModel], type[BaseModel]]] = {
    "elicitation/create": ("elicitation", ElicitRequest, ElicitResult),
    "sampling/createMessage": ("sampling", CreateMessageRequest, CreateMessageResult),
    "roots/list": ("roots", ListRootsRequest, ListRootsResult),
}
"""Method of a question -> (the client capability it needs, its request type, its result type)."""
_SINCE = {"elicitation": "2025-06-18", URL: "2025-11-25"}
"""Capability -> the first revision that knows it; a client may declare it at an older one and still not understand."""


def offered(ctx: ServerRequestContext[Any, Any]) -> frozenset[str]:
    """What the client of this request can be asked for: it declared it, and the revision at hand has it."""
    declared = ctx.session.client_capabilities
    return frozenset(
        name
        for name in ("elicitation", URL, "sampling", "roots")
        if _declares(declared, name) and ctx.protocol_version >= _SINCE.get(name, "")
    )


def _declares(declared: Any, name: str) -> bool:
    """Whether the capability is declared; one of elicitation that names no mode means forms."""
    found = getattr(declared, name.partition("/")[0], None)
    if found is None or "elicitation" not in name:
        return found is not None
    return found.url is not None if name == URL else found.form is not None or found.url is None


def needed(request: Mapping[str, Any]) -> str:
    """The capability that a question needs."""
    name = _ASKED[request["method"]][0]
    return URL if name == "elicitation" and request["params"].get("mode") == "url" else name


def is_answer(request: Mapping[str, Any], answer: Any) -> bool:
    """Whether that is an answer to such a question, whatever it says."""
    try:
        _ASKED[request["method"]][2].model_validate(answer, by_name=False)
    except ValidationError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class AskAgain:
    """What a handler knows when it runs: the answers so far, and the state it left with its last question."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    state: str | None = None


async def rounds(ctx: ServerRequestContext[Any, Any], params: Any, run: Callable[[AskAgain], Awaitable[Any]]) -> Any:
    """Run a handler until it has no more questions, or hand its question to a client that calls again.

    Returns:
        The handler's reply, or an `input_required` result as a dict.

    Raises:
        MCPError: the client cannot be asked what the handler needs to know.
    """
    again = AskAgain(_answers(params.input_responses), params.request_state)
    for _ in range(_MOST_ROUNDS):
        reply = await run(again)
        if not isinstance(reply, Ask):
            return reply
        _check_capabilities(ctx, reply)
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return _input_required(reply)
        again = AskAgain({**again.answers, **await _ask_now(ctx, reply)}, reply.state)
    raise MCPError(INVALID_REQUEST, f"Still asking after {_MOST_ROUNDS} rounds; nothing more was done")


def _answers(responses: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: answer.model_dump(by_alias=True, mode="json", exclude_none=True)
        if isinstance(answer, BaseModel)
        else answer
        for name, answer in (responses or {}).items()
    }


def _check_capabilities(ctx: ServerRequestContext[Any, Any], ask: Ask) -> None:
    wanted = {needed(request) for request in ask.requests.values()}
    missing = sorted(wanted - offered(ctx))
    if missing:
        raise MCPError(
            MISSING_REQUIRED_CLIENT_CAPABILITY,
            f"This call has to ask you something, and the client does not offer {' and '.join(missing)}. Nothing was changed.",
            {"requiredCapabilities": {name: {} for name in missing}},
        )


def _input_required(ask: Ask) -> dict[str, Any]:
    result: dict[str, Any] = {"resultType": "input_required"}
    if ask.requests:
        result["inputRequests"] = {name: dict(request) for name, request in ask.requests.items()}
    if ask.state is not None:
        result["requestState"] = ask.state
    return result


async def _ask_now(ctx: ServerRequestContext[Any, Any], ask: Ask) -> dict[str, Any]:
    """Ask every question on the open connection of a handshake session."""
    if not ctx.session.can_send_request:
        raise MCPError(
            INVALID_REQUEST,
            "This call has to ask you something, and this connection has no way back to the client. Nothing was changed. "
            "Use a session (one worker), stdio, or a client of revision 2026-07-28.",
        )
    try:
        return {name: await _ask_one(ctx, request) for name, request in ask.requests.items()}
    except MCPError:
        if ask.optional:
            return {}
        raise


async def _ask_one(ctx: ServerRequestContext[Any, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    _, request_type, result_type = _ASKED[request["method"]]
    try:
        answer = await ctx.session.send_request(
            request_type.model_validate(request),  # type: ignore[arg-type]  # one of the SDK's union, by the table
            result_type,
            metadata=ServerMessageMetadata(related_request_id=ctx.request_id),
        )
    except MCPError as error:
        raise MCPError(
            INVALID_REQUEST,
            f"This call had to ask you something, and the client answered {request['method']} with error {error.error.code}. "
            "Nothing was changed.",
        ) from None
    return answer.model_dump(by_alias=True, mode="json", exclude_none=True)
