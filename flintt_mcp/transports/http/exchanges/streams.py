"""Streams that stand open, counted against their limits and ended first at a shutdown.

In: an exchange whose answer is a stream, and what serves it. Out: the stream, or the answer that refuses it. A key costs nothing to
invent, so addresses count too: one never holds more streams than it leaves free. What goes over a stream is others' affair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from flintt_mcp.transports.http.exchanges.addresses import line_of
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.exchanges.json_responses import rpc_error, stopping
from flintt_mcp.transports.http.exchanges.options import HttpOptions


class Streams:
    """The open streams of one server."""

    def __init__(self, options: HttpOptions) -> None:
        self._most = options.max_streams
        self._most_per_caller = options.max_streams_per_caller
        self._open: Counter[str] = Counter()
        self._from: Counter[str] = Counter()
        self._ends: set[Callable[[], None]] = set()
        self._closed = False

    @property
    def open(self) -> int:
        """How many stand open."""
        return self._open.total()

    async def serve(
        self, exchange: Exchange, handle: Callable[[Exchange], Awaitable[None]], end: Callable[[], None] | None = None
    ) -> None:
        """Counts a stream while it is handled, or refuses it. `end` ends it in good order when a shutdown begins."""
        counted_as, address = exchange.entry.counted_as, line_of(exchange.entry.trace.address)
        full = self._full(counted_as, address)
        if full is not None:
            await exchange.answer(full)
            return
        self._open[counted_as] += 1
        self._from[address] += 1
        if end is not None:
            self._ends.add(end)
        try:
            await handle(exchange)
        finally:
            if end is not None:
                self._ends.discard(end)
            _less(self._open, counted_as)
            _less(self._from, address)

    def close(self) -> None:
        """No new streams from now on; those that are open end as soon as nothing runs on them."""
        self._closed = True
        for end in list(self._ends):
            end()

    def _full(self, counted_as: str, address: str) -> Response | None:
        """The answer when no further stream may be opened, or None."""
        if self._closed:
            return stopping()
        later = {"retry-after": "60"}
        if self._open.total() >= self._most:
            return rpc_error(503, "Too many streams are open on this server; try again later", headers=later)
        if self._open[counted_as] >= self._most_per_caller:
            return rpc_error(503, "Too many streams are open for this caller; close one of them first", headers=later)
        held = self._from[address]
        if address and held and held + 1 > self._most - self._open.total() - 1:
            return rpc_error(
                503,
                "Too many streams are open from this address; close one of them first. Behind a proxy, the operator names it with "
                "--trusted-proxy",
                headers=later,
            )
        return None


def _less(counted: Counter[str], name: str) -> None:
    counted[name] -= 1
    if not counted[name]:
        del counted[name]
