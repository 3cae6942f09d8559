"""The rate limit: 300 requests in any 60 seconds for each key.

In: a key's number and the moment. Out: nothing, or the whole seconds until the next request would be taken. A refused
request does not count. Kept in memory: a sandbox folder has one runner, and a restart may well forget a minute.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime, timedelta

MAX_REQUESTS = 300
WINDOW = timedelta(minutes=1)


class Meter:
    """Counts the requests of every key of one opened sandbox."""

    def __init__(self) -> None:
        self._taken: dict[int, deque[datetime]] = {}

    def take(self, key_id: int, now: datetime) -> int | None:
        """Count one request; None when it is taken, else the seconds to wait."""
        taken = self._taken.setdefault(key_id, deque())
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
        if len(taken) >= MAX_REQUESTS:
            return max(1, math.ceil((taken[0] + WINDOW - now).total_seconds()))
        taken.append(now)
        return None
