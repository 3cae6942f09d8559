"""How much one question may ask of the APIs: requests and seconds, shared by all that is read for it.

In: the bounds. Out: whether there is room for one request more. It waits for nothing and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable

MOST_REQUESTS = 3000
MOST_SECONDS = 25.0
"""Clients give up on a call after a minute, some after less."""


class Effort:
    """The bounds of one question, from now on; `now` counts seconds."""

    def __init__(self, now: Callable[[], float], requests: int = MOST_REQUESTS, seconds: float = MOST_SECONDS) -> None:
        self._now = now
        self._left = requests
        self._until = now() + seconds

    @property
    def seconds_left(self) -> float:
        """Seconds until the time is up, never negative."""
        return max(0.0, self._until - self._now())

    def spend(self) -> bool:
        """Count one request; False when there is no room for it."""
        if self._left <= 0 or not self.seconds_left:
            return False
        self._left -= 1
        return True
