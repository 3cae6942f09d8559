"""Stage: a tool that a caller does not see cannot be called either."""

from __future__ import annotations

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.inventory import check_visible
from flintt_mcp.calls.reply import Reply


async def visible(call: Call, next: Next) -> Reply:
    """Stage: a tool that this caller does not see cannot be called either."""
    check_visible(call.tool, call.caller)
    return await next(call)
