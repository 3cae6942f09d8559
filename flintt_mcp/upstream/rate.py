"""Keeps an API's own limit of requests for each key, before anything is sent.

In: a `Quota` (whose requests, how many in how many seconds) and the end of the call's time. Out: permission to send now, or
`RateLimited` at once when the turn would come too late. Requests are counted in a `Window`: `MemoryWindow` for one process,
the store (`store.py`) when several share a key. A window knows keys only as keyed digests.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from flintt_mcp.errors import RateLimited
from flintt_mcp.upstream.message import Quota
from flintt_mcp.upstream.retry import Pace

__all__ = ["MemoryWindow", "Quota", "Rate", "Window", "wait_for"]

SLACK_SECONDS = 1.0
"""Added to every window: requests that leave a window apart may arrive a little closer together."""
_SHORTEST_WAIT = 0.001
_SWEEP_AT = 1000


class Window(Protocol):
    """Where requests are counted."""

    async def take(self, bucket: str, limit: int, seconds: float, ahead: int) -> float:
        """Count one request of `bucket` now and return 0, or return the seconds to wait before asking again.

        It is counted only when fewer than `limit` were in the last `seconds`, with `ahead` places kept for those who
        have waited longer.
        """
        ...


class Rate:
    """Lets requests through, first come, first served. `digest_key` (32 bytes or more) keys the digests of keys."""

    def __init__(self, window: Window, digest_key: bytes, pace: Pace | None = None) -> None:
        self._window = window
        self._digest_key = hmac.digest(digest_key, b"flintt-mcp rate", hashlib.sha256)
        self._pace = pace or Pace()
        self._lines: dict[str, dict[object, None]] = {}

    async def admit(self, quota: Quota, operation: str, until: float) -> None:
        """Wait until the request may be sent and count it.

        Args:
            until: the moment of the pace's `now` after which the call has no time left.

        Raises:
            RateLimited: its turn comes after `until`; nothing was sent, and `retry_after` says when it would.
        """
        bucket = self._bucket(quota)
        line, ticket = self._lines.setdefault(bucket, {}), object()
        line[ticket] = None
        try:
            while True:
                ahead = 0 if len(line) == 1 else list(line).index(ticket)
                wait = await self._window.take(bucket, quota.limit, quota.seconds + SLACK_SECONDS, ahead)
                if wait <= 0:
                    return
                if self._pace.now() + wait > until:
                    raise _too_late(quota, operation, wait)
                await self._pace.sleep(wait)
        finally:
            del line[ticket]
            if not line:
                self._lines.pop(bucket, None)

    def _bucket(self, quota: Quota) -> str:
        return hmac.digest(self._digest_key, f"{quota.title}\n{quota.key}".encode(), hashlib.sha256).hex()


class MemoryWindow:
    """Counts the requests of one process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sent: dict[str, deque[float]] = {}
        self._ends: dict[str, float] = {}
        self._sweep_at = _SWEEP_AT

    async def take(self, bucket: str, limit: int, seconds: float, ahead: int) -> float:
        """As the protocol says; there is no await inside, so no other task comes between."""
        now = self._now()
        if bucket not in self._sent:
            self._sweep(now)
        sent = self._sent.setdefault(bucket, deque())
        while sent and sent[0] <= now - seconds:
            sent.popleft()
        wait = wait_for(sent, limit, seconds, ahead, now)
        if wait <= 0:
            sent.append(now)
            self._ends[bucket] = now + seconds
        return wait

    def _sweep(self, now: float) -> None:
        """Forget keys that have sent nothing lately, whenever their number has doubled."""
        if len(self._sent) < self._sweep_at:
            return
        for bucket in [bucket for bucket in self._sent if self._ends.get(bucket, 0.0) <= now]:
            del self._sent[bucket]
            self._ends.pop(bucket, None)
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._sent))


def wait_for(sent: Sequence[float], limit: int, seconds: float, ahead: int, now: float) -> float:
    """Seconds until one more request fits, 0 for now. Pure.

    Args:
        sent: the moments of the requests in the last `seconds`, oldest first.
        ahead: requests that come before this one.
    """
    if len(sent) + ahead < limit:
        return 0.0
    # This one takes the place of the request that is `limit` places before it, once that has left the window; places
    # beyond those of `sent` are taken by the ones ahead, who cannot be sent before now.
    place = len(sent) + ahead - limit
    rounds, place = divmod(place, limit) if place >= len(sent) else (0, place)
    base = sent[place] if place < len(sent) else now
    return max(base + seconds * (rounds + 1) - now, _SHORTEST_WAIT)


def _too_late(quota: Quota, operation: str, wait: float) -> RateLimited:
    return RateLimited(
        f"{quota.title} takes {quota.limit} requests in {quota.seconds:.0f} s from one key, and that many have been sent",
        operation=operation,
        changed="no",
        advice=f"nothing was sent; wait {math.ceil(wait)} s, then call again",
        retry_after=wait,
    )
