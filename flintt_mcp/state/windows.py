"""Where requests to an API are counted, so that its own limit for a key is kept before anything is sent.

In: a bucket (a keyed digest), a limit and its seconds. Out: 0 when a request was counted, else how long to wait. `MemoryWindow`
counts for one process; `store.py` counts for several on one machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

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
