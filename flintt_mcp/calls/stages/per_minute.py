"""Stage: bounds how many calls one caller makes in a minute, where the operator says so.

In: calls. Out: they go on, or a refusal that says when the next one may come. Counted in each process, for the key of the tool's
own API, by the minute that began with a caller's first call. Who brings no key is bounded by `limit.py` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Reply
from flintt_mcp.errors import Busy

MINUTE = 60.0
_SWEEP_AT = 10_000


class PerMinute:
    """At most `most` calls a minute for one caller. `now` is a clock in seconds that only goes forward."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._minutes: dict[str, tuple[float, int]] = {}
        self._sweep_at = _SWEEP_AT

    async def __call__(self, call: Call, next: Next) -> Reply:
        who = "" if call.tool.api is None else call.caller.principal_for(call.tool.api)
        if who:
            self._count(who)
        return await next(call)

    def _count(self, who: str) -> None:
        """Count one more call.

        Raises:
            Busy: this minute's are used up.
        """
        now = self._now()
        began, made = self._minutes.get(who, (now, 0))
        if now >= began + MINUTE:
            began, made = now, 0
        if made >= self._most:
            raise Busy(
                f"This server lets one key make {self._most} calls a minute, and that many were made",
                advice=f"nothing was sent; call again in {math.ceil(began + MINUTE - now)} s, or have the operator raise "
                "--calls-per-minute",
            )
        if who not in self._minutes and len(self._minutes) >= self._sweep_at:
            self._sweep(now)
        self._minutes[who] = (began, made + 1)

    def _sweep(self, now: float) -> None:
        """Forget callers whose minute is over, whenever their number has doubled."""
        for who in [who for who, (began, _) in self._minutes.items() if now >= began + MINUTE]:
            del self._minutes[who]
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._minutes))
