"""Stage: a tool that a caller does not see cannot be called either."""

from __future__ import annotations

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.inventory import is_visible
from flintt_mcp.calls.reply import Reply
from flintt_mcp.errors import UnknownTool


async def visible(call: Call, next: Next) -> Reply:
    """Stage: a tool that this caller does not see cannot be called either."""
    if not is_visible(call.tool, call.caller):
        raise UnknownTool(f"Unknown tool: {call.tool.name}", advice="tools/list names those that are on")
    return await next(call)
