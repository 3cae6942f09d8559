"""Stage: sees how every call ends, and tells those who watch: the figures and the log.

In: calls. Out: the same replies. It changes nothing, and knows how many run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.ended import Ended, ended
from flintt_mcp.calls.reply import Reply

Watcher = Callable[[Call, Ended], None]


class Watch:
    """Tells each of the watchers, in order, how a call ended."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = tuple(watchers)
        self.running = 0

    async def __call__(self, call: Call, next: Next) -> Reply:
        started = time.perf_counter()
        self.running += 1
        try:
            reply = await next(call)
        except BaseException as error:
            self._tell(call, ended(error, time.perf_counter() - started))
            raise
        self._tell(call, ended(reply, time.perf_counter() - started))
        return reply

    def _tell(self, call: Call, end: Ended) -> None:
        self.running -= 1
        for watcher in self._watchers:
            watcher(call, end)
