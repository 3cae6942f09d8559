"""Stage: bounds how many calls run at once, in all and for one caller."""

from __future__ import annotations

from collections import Counter

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Reply
from flintt_mcp.errors import CallRefused


class Limit:
    """Stage: bounds how many calls run at once, in all and for one caller."""

    def __init__(self, per_caller: int, total: int) -> None:
        self._per_caller = per_caller
        self._total = total
        self._running: Counter[str] = Counter()
        self._all = 0

    async def __call__(self, call: Call, next: Next) -> Reply:
        # By the key of the tool's own API: no key of another API beside it makes room for more calls.
        api, caller = call.tool.api, call.caller
        who = caller.principal if api is None else caller.principal_for(api)
        if self._all >= self._total or self._running[who] >= self._per_caller:
            raise CallRefused(
                "Too many calls are running at once", advice="wait for some of them to end, then try again"
            )
        self._all += 1
        self._running[who] += 1
        try:
            return await next(call)
        finally:
            self._all -= 1
            self._running[who] -= 1
            if not self._running[who]:
                del self._running[who]
