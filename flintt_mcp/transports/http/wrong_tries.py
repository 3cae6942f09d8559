"""Counts wrong secrets, so that nobody guesses one: few in a minute from one address, more from all together.

In: addresses that tried in vain. Out: whether an address has to wait. Whoever guesses from one address keeps nobody else from a
page; who has many addresses is slowed down by the count of all. It is kept in this process and knows no secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from flintt_mcp.transports.http.exchanges.addresses import line_of

SECONDS = 60.0
FROM_ONE = 10
FROM_ALL = 100


class WrongTries:
    """The tries of the last minute; `now` is a clock in seconds that only goes forward."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tries: list[tuple[float, str]] = []

    def note(self, address: str) -> None:
        """One more from there."""
        self._tries.append((self._now(), line_of(address)))

    def take_back(self, address: str) -> None:
        """The last one from there was right after all."""
        line = line_of(address)
        last = next((at for at in reversed(range(len(self._tries))) if self._tries[at][1] == line), None)
        if last is not None:
            del self._tries[last]

    def must_wait(self, address: str) -> bool:
        """Whether another try from there is not looked at now."""
        since = self._now() - SECONDS
        self._tries = [one for one in self._tries if one[0] > since]
        line = line_of(address)
        return len(self._tries) >= FROM_ALL or sum(whose == line for _, whose in self._tries) >= FROM_ONE
