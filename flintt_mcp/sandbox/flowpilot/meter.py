"""How many requests a key may make: a fixed number in each window of time, counted in this process.

The text names the answer (429 with Retry-After) and no numbers. The count is deliberately not in the database: a limit that
costs a write for every read would be slower than what it protects, and a restart may forgive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """So many requests in each window of so many seconds, for each key."""

    requests: int = 1200
    seconds: int = 60


@dataclass(slots=True)
class Meter:
    """Counts the requests of good keys; there are only as many counters as keys."""

    limit: RequestLimit = field(default_factory=RequestLimit)
    _windows: dict[str, tuple[int, int]] = field(default_factory=dict)

    def wait(self, key_id: str, now: datetime) -> int | None:
        """Count one request; None when it is within the limit, else the seconds until the next window."""
        second = int(now.timestamp())
        window = second // self.limit.seconds
        since, count = self._windows.get(key_id, (window, 0))
        count = count + 1 if since == window else 1
        self._windows[key_id] = (window, count)
        return None if count <= self.limit.requests else self.limit.seconds - second % self.limit.seconds
