"""Stage: bounds how many calls run at once from one address with keys that no API has accepted yet.

In: calls. Out: they go on, or a refusal that names the limit. A key costs nothing to invent, so a limit for each key bounds nobody
who invents them; a client that leaves does not end its call before revision 2026-07-28. A key is known from the first answer of
its API that shows it is good, as its keyed digest, in this process.
"""

from __future__ import annotations

from collections import Counter, OrderedDict

from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Done, Reply
from flintt_mcp.errors import Busy, Forbidden

_MOST_KNOWN = 10_000


class Strangers:
    """At most `most` calls of strangers at once from one address. Who comes without an address is no stranger: it is on stdio."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[str, None] = OrderedDict()
        self._running: Counter[str] = Counter()

    async def __call__(self, call: Call, next: Next) -> Reply:
        key = "" if call.tool.api is None else call.caller.principal_for(call.tool.api)
        address = "" if call.caller.trace is None else call.caller.trace.address
        if not key or not address or self._knows(key):
            return await next(call)
        self._begin(address)
        try:
            reply = await next(call)
            if isinstance(reply, Done):
                self._learn(key)
            return reply
        except Forbidden:  # the key is good, its plan or scope is not
            self._learn(key)
            raise
        finally:
            self._end(address)

    def _begin(self, address: str) -> None:
        """Count one more call.

        Raises:
            Busy: there is no place for it.
        """
        if self._running[address] >= self._most:
            raise Busy(
                f"This server's own limit is reached: from one address it runs at most {self._most} calls at once with keys that "
                "no API has accepted yet",
                advice="nothing was sent; call again when one of them has ended. Behind a proxy, the operator names it with "
                "--trusted-proxy, so that callers count by their own addresses",
            )
        self._running[address] += 1

    def _end(self, address: str) -> None:
        self._running[address] -= 1
        if not self._running[address]:
            del self._running[address]

    def _knows(self, key: str) -> bool:
        known = key in self._known
        if known:
            self._known.move_to_end(key)
        return known

    def _learn(self, key: str) -> None:
        self._known[key] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
