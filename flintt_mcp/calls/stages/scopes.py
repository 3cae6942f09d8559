"""Stage: notices which scopes a caller's key lacks, so that tools that need them can be left out of that caller's list.

In: calls on their way through the pipeline. Out: `hides`, for the inventory. An API says that a scope is missing only when it
refuses, so a tool is hidden after its first refusal, for some minutes, and can be called all the same: a call that passes shows
it again. Kept in memory alone, bounded, under the keyed digest of the caller; a key is never seen here.
"""

from __future__ import annotations

from collections.abc import Callable

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.errors import Forbidden

REMEMBERED_SECONDS = 600.0
MOST_REMEMBERED = 10_000

_Lack = tuple[str, str, str]


class Scopes:
    """Which (principal for an API, API, scope) were refused lately. `now` is a clock in seconds that only goes forward."""

    def __init__(self, now: Callable[[], float], most: int = MOST_REMEMBERED) -> None:
        self._now = now
        self._most = most
        self._until: dict[_Lack, float] = {}

    async def __call__(self, call: Call, next: Next) -> Reply:
        try:
            reply = await next(call)
        except Forbidden as refused:
            if len(refused.scopes) == 1:
                self._remember(_lack(call.tool, call.caller, refused.scopes[0]))
            raise
        for scope in call.tool.scopes if self._until else ():
            self._until.pop(_lack(call.tool, call.caller, scope), None)
        return reply

    def hides(self, tool: Tool, caller: Caller) -> bool:
        """Whether the caller's key is known to lack a scope of this tool."""
        return bool(self._until) and any(
            self._until.get(_lack(tool, caller, scope), 0.0) > self._now() for scope in tool.scopes
        )

    def _remember(self, lack: _Lack) -> None:
        # Taken out first, so that the order of the dict stays the order of ends: what ends first is what makes room.
        self._until.pop(lack, None)
        while len(self._until) >= self._most:
            del self._until[next(iter(self._until))]
        self._until[lack] = self._now() + REMEMBERED_SECONDS

    def __len__(self) -> int:
        return len(self._until)


def _lack(tool: Tool, caller: Caller, scope: str) -> _Lack:
    api = tool.api or ""
    return caller.principal_for(api), api, scope
