"""What the tool wait_for says of itself, whoever does it; `waiting.py` does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.standing import Watched
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Kind, local
from flintt_mcp.catalogue.operation import Effect, Toolset
from flintt_mcp.rest.courses import watched_by

TOOLSET = "waiting"
INTENT = "intent"
MOST = 50
"""Seconds that one call waits at most: many clients end a call after a minute."""
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"state": {"type": "string"}, "next": {"type": "string"}, "result": {"type": "object"}},
    "required": ["state"],
}


def waiting_tool(toolsets: Iterable[Toolset], handle: Callable[[Call], Awaitable[Reply]]) -> Tool:
    """The description of wait_for over these toolsets, with what does it."""
    names = [msgspec.structs.replace(shown.arg, name=shown.noun, required=False) for _, shown in watched_work(toolsets)]
    intent = local(INTENT, "Or the intent of a call.", low=1, high=100)
    seconds = local("seconds", "To wait at most.", kind=Kind.INTEGER, low=0, high=MOST, default=MOST)
    return Tool(
        name="wait_for",
        title="Wait for long work",
        about="Wait up to 50 s until a run or job is over. While state is working, call again.",
        effect=Effect.READ,
        toolset=TOOLSET,
        arguments=Arguments("wait_for", (*names, intent, seconds)),
        handle=handle,
        output_schema=_SCHEMA,
        long_lived=True,
    )


def watched_work(toolsets: Iterable[Toolset]) -> Iterator[tuple[str, Watched]]:
    """The operations that show work which takes long, by name."""
    for toolset in toolsets:
        for operation in toolset.operations:
            watched = watched_by(toolset.api, operation)
            if watched is not None:
                yield operation.name, watched
