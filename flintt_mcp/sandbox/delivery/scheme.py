"""What differs between the webhooks of two APIs, as one value: events, envelope, headers, patience.

Everything else is the same for all: outbox, leases, the network guard, Standard Webhooks headers beside the API's own, the
log. A `Scheme` is pure; `dispatcher.py` asks it for the headers of each attempt, `outbox.py` for the body of an event.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flintt_mcp.sandbox.ground.clock import stamp

DELAYS = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds after each failed attempt but the last: ten attempts within about three days, as Standard Webhooks suggests."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt, as the headers of a scheme need it. `former_secret` is set during the grace period of a rotation."""

    delivery_id: str
    event: str
    body: bytes
    signing_secret: str
    auth_token: str
    former_secret: str | None = None


def compact_json(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """The webhook rules of one API.

    `headers` adds the API's own proof to the common headers. `test_event` is sent to an endpoint once when it is registered.
    After `off_after_failures` failed attempts in a row, or when every attempt within `off_after` has failed, the endpoint is
    switched off; 410 does so at once.
    """

    name: str
    events: tuple[str, ...]
    user_agent: str
    headers: Callable[[Outgoing], Mapping[str, str]]
    write_stamp: Callable[[datetime], str] = stamp
    to_json: Callable[[Any], bytes] = compact_json
    delays: tuple[float, ...] = DELAYS
    off_after_failures: int | None = None
    off_after: timedelta | None = timedelta(days=3)
    test_event: str | None = None

    @property
    def attempts(self) -> int:
        """How often one delivery is tried at most."""
        return len(self.delays) + 1

    def envelope(self, event: str, delivery_id: str, data: Mapping[str, Any], now: datetime) -> bytes:
        """The body that tells an event."""
        moment = self.write_stamp(now)
        return self.to_json({"event": event, "delivery_id": delivery_id, "timestamp": moment, "data": data})

    def wait(self, tries: int, random: float) -> float | None:
        """Seconds until the next attempt after `tries` failed ones, a little more each time; None when that was the last.

        `random` from 0 to 1 spreads deliveries that failed together over a fifth of the delay.
        """
        return None if tries >= self.attempts else self.delays[tries - 1] * (1 + random / 5)

    def gives_up_on(self, status: int | None, failures: int, failing_for: timedelta) -> str | None:
        """Why an endpoint is switched off after a failed attempt, or None when it is not."""
        if status == 410:
            return "it answered 410 Gone"
        if self.off_after_failures is not None and failures >= self.off_after_failures:
            return f"{failures} attempts in a row failed"
        if self.off_after is not None and failing_for >= self.off_after:
            return f"every attempt failed for {failing_for.days} days"
        return None
