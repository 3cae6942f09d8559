"""Completions: suggestions for an argument of a prompt, or for a name in a resource's template.

In: what is typed so far, and the other values so far. Out: the best values, at most a hundred, as the protocol has it. What to
suggest is the row's own function; an argument without one gets an empty list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CompleteRequestParams

from flintt_mcp.calls.arguments.names import shown_name
from flintt_mcp.calls.caller import Caller
from flintt_mcp.face.face import Face
from flintt_mcp.face.shown import Context
from flintt_mcp.offers.resources import Completer

_MOST = 100


def complete(face: Face) -> Callable[..., Any]:
    """Answers `completion/complete`."""

    async def answer(ctx: Context, params: CompleteRequestParams) -> dict[str, Any]:
        caller = face.caller_of(ctx)
        completer = _completer(face, params, caller)
        so_far = dict(params.context.arguments or {}) if params.context is not None else {}
        values: list[str] = []
        if completer is not None:
            values = await completer(params.argument.value, caller, so_far)
        shown = values[:_MOST]
        completion = {"values": shown, "total": len(values), "hasMore": len(values) > len(shown)}
        return {"completion": completion, "resultType": "complete"}

    return answer


def _completer(face: Face, params: CompleteRequestParams, caller: Caller) -> Completer | None:
    """What completes this argument; None where nothing can be suggested for it."""
    if params.ref.type == "ref/prompt":
        prompt = next((prompt for prompt in face.prompts if prompt.name == params.ref.name), None)
        if prompt is None or not face.shows(prompt, caller):
            raise MCPError(INVALID_PARAMS, f"Unknown prompt: {shown_name(params.ref.name)}")
        return next((arg.complete for arg in prompt.arguments if arg.name == params.argument.name), None)
    rows = face.resources.templates + face.resources.fixed
    resource = next((row for row in rows if row.uri == params.ref.uri), None)
    if resource is None or not face.shows(resource, caller):
        raise MCPError(INVALID_PARAMS, "Unknown resource template; resources/templates/list names those there are")
    return resource.complete.get(params.argument.name)
