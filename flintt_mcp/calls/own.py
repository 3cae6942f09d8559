"""The intents of one caller, each with the call that it stands for. Pure.

In: an id that somebody names, and the caller of the request at hand. Out: the call, with that caller's own keys, or nothing: an
intent of another caller is not there, and neither is one of a tool that this caller does not see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from flintt_mcp.calls.call import INTENT, Call, Channel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.intent import Intent, Intents
from flintt_mcp.calls.inventory import is_visible
from flintt_mcp.calls.tool import Tool
from flintt_mcp.errors import ToolInputError


class OwnIntents:
    """Finds intents for their callers. `find` gives a tool by its name."""

    def __init__(self, intents: Intents, find: Callable[[str], Tool | None]) -> None:
        self._intents = intents
        self._find = find

    def tool(self, name: str) -> Tool | None:
        """The tool of that name, where it is on."""
        return self._find(name)

    async def call(self, id: str, caller: Caller, channel: Channel) -> Call | None:
        """The call of the intent of that id, where it is this caller's.

        Raises:
            CallRefused: the store cannot be used.
        """
        intent = await self._intents.find(id)
        tool = None if intent is None else self._find(intent.wanted.tool)
        if intent is None or tool is None or not is_visible(tool, caller):
            return None
        call = Call(tool, _arguments(tool, intent), caller, channel, intent=intent)
        return call if call.writer == intent.wanted.caller else None


def no_intent() -> ToolInputError:
    """Nothing of that id is this caller's."""
    return ToolInputError(
        "intent: there is none of that id for this key",
        advice="take it from the answer that said approval_required, or make the call again; a day later it is forgotten",
    )


def _arguments(tool: Tool, intent: Intent) -> dict[str, Any]:
    """What the intent's call was given; a default means the same when it is left out, and is never sent."""
    defaults = {arg.name: arg.default for arg in tool.arguments.args}
    meant: dict[str, Any] = msgspec.json.decode(intent.wanted.canonical)
    given = {
        name: value for name, value in meant.items() if (default := defaults.get(name)) is None or value != default
    }
    return {**given, INTENT: intent.wanted.named} if intent.wanted.named else given
