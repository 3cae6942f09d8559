"""Stage: bounds how many calls run at once, in all and for one caller, so that none takes the last place.

In: calls. Out: they go on, or a refusal that names the limit. A caller may run another call while it runs fewer than there are
places left. Tools that need no key are counted apart: reading documentation neither waits for APIs nor stands in their way, and
whoever comes without a key is no single caller. So are those of ours that wait for a person or for work that goes on: they hold
their place for long and nothing else, and each look of theirs is a call with a place of its own; and so is a tool that runs others.
"""

from __future__ import annotations

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Reply
from flintt_mcp.errors import Busy


class Limit:
    """At most `total` calls at once, `per_caller` of them for one; as many again that wait, and of tools that need no key."""

    def __init__(self, per_caller: int, total: int) -> None:
        self._keyed = _Running(per_caller, total)
        self._waiting = _Running(per_caller, total)
        self._public = _Running(total, total)

    async def __call__(self, call: Call, next: Next) -> Reply:
        running, who = self._place(call)
        running.begin(who)
        try:
            return await next(call)
        finally:
            running.end(who)

    def _place(self, call: Call) -> tuple[_Running, str]:
        """Among which calls one counts, and for whom."""
        tool, caller = call.tool, call.caller
        if tool.runs:
            return self._waiting, caller.principal
        if tool.api is None:
            return (self._waiting if tool.long_lived else self._public), caller.principal
        # By the key of the tool's own API: no key of another API beside it makes room for more calls.
        return self._keyed, caller.principal_for(tool.api)


class _Running:
    """The calls that run now, by caller."""

    def __init__(self, per_caller: int, total: int) -> None:
        self._per_caller = per_caller
        self._total = total
        self._left = total
        self._of: dict[str, int] = {}

    def begin(self, who: str) -> None:
        """Count one more call.

        Raises:
            Busy: there is no place for it.
        """
        own = self._of.get(who, 0)
        if own >= self._left or own >= self._per_caller:
            raise Busy(
                f"This server's own limit is reached: it runs at most {self._total} calls at once, "
                f"{min(self._per_caller, self._total)} of them for one key",
                advice="nothing was sent; call again when other calls have ended, or have the operator raise --calls or "
                "--calls-per-key",
            )
        self._of[who] = own + 1
        self._left -= 1

    def end(self, who: str) -> None:
        own = self._of.pop(who) - 1
        if own:
            self._of[who] = own
        self._left += 1
