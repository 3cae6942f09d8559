"""What the tool get_approval says of itself, whoever does it; `approvals.py` does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Kind, local
from flintt_mcp.catalogue.operation import Effect

TOOLSET = "approvals"
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"state": {"type": "string"}, "result": {"type": "object"}},
    "required": ["state"],
}
_ABOUT = (
    "Look whether a person approved a call that answered approval_required, and run it once if so. It cannot approve."
)


def approval_tool(handle: Callable[[Call], Awaitable[Reply]]) -> Tool:
    """The description of get_approval, with what does it."""
    wait = local("wait", "Seconds to wait for the person.", kind=Kind.INTEGER, low=0, high=50, default=0)
    return Tool(
        name="get_approval",
        title="Get an approval",
        about=_ABOUT,
        effect=Effect.UPDATE,
        toolset=TOOLSET,
        arguments=Arguments(
            "get_approval", (local("intent", "The id in the refusal.", required=True, low=1, high=100), wait)
        ),
        handle=handle,
        output_schema=_SCHEMA,
        long_lived=True,
    )
