"""The one clock of the tests: it stands until a test moves it.

In: how far to go. Out: the moment as the sandbox asks for it, seconds as the client and the store do, and a sleep that takes no
time. Nothing in a test reads the machine's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flintt_mcp.sandbox.ground.seeding import EPOCH


@dataclass
class SetClock:
    """A clock that a test sets; at first it shows the moment of the sandbox's seed."""

    moment: datetime = EPOCH
    naps: list[float] = field(default_factory=list)
    """How long whoever waits by this clock has slept, in seconds, one entry each time."""

    def __call__(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        """Seconds since 1970."""
        return self.moment.timestamp()

    def forward(self, **time: float) -> None:
        """Let time pass, or go back: `seconds=1`, `days=-40`."""
        self.moment += timedelta(**time)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass that somebody wants to sleep."""
        self.naps.append(seconds)
        self.forward(seconds=seconds)
