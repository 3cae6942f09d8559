"""Stage: nothing is spent at a hosted API unless the operator allowed it.

In: a call. Out: a refusal that says what would have been spent, or the call goes on. Sandboxes spend play money, and keys that an
API itself marks as test keys spend none.
"""

from __future__ import annotations

from typing import Any

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.play import Play
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import CallRefused


class Spending:
    """Lets calls of effect `spend` pass where nothing real is spent, or everywhere when `allowed`."""

    def __init__(self, play: Play, *, allowed: bool) -> None:
        self._play = play
        self._allowed = allowed

    def concerns(self, tool: Tool) -> bool:
        return tool.effect is Effect.SPEND and not self._allowed

    async def __call__(self, call: Call, next: Next) -> Reply:
        if not self._play.covers(call):
            raise CallRefused(
                f"Nothing was sent: this would have spent {_amount(call)}, and this server does not spend at the hosted API",
                advice="the operator can start it with --allow-spend; the sandbox and test keys spend nothing real",
            )
        return await next(call)


class _Given(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return f"an unlimited {name}"


def _amount(call: Call) -> str:
    return call.tool.spends.format_map(_Given(call.arguments)) or "money or credits"
