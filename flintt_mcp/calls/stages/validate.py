"""Stage: checks the arguments of a call and hands on only what was set."""

from __future__ import annotations

import msgspec

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Reply


async def validate(call: Call, next: Next) -> Reply:
    """Stage: checks the arguments and hands on only what was set."""
    return await next(msgspec.structs.replace(call, arguments=call.tool.arguments.check(call.arguments)))
