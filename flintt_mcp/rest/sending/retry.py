"""When a request may be sent again, and how long to wait first: pure rules, with clock and chance passed in.

In: what one attempt gave (an answer or a fault), the time left. Out: seconds to wait, or None for "that was the last".
Knows nothing of HTTP clients; `client.py` is the only caller, so that retries happen in one place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from random import random

import anyio

from flintt_mcp.rest.sending.message import TransportFault, UpstreamRequest, UpstreamResponse

# 500 is not here: it says that the API ran the request and broke, so the same request would most likely break it again.
# 502, 503 and 504 say that somebody on the way could not get it done just now.
PASSING_STATUSES = frozenset({429, 502, 503, 504})

_FIRST_CEILING = 0.25
_LAST_CEILING = 4.0
# A retry that starts with almost no time left would turn a plain "429, come back in 20 s" into a time-out.
_LEAST_SHARE = 0.1
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_LONGEST_HEADER = 64


@dataclass(frozen=True, slots=True)
class Pace:
    """Clock, sleep and chance of the client; tests pass their own and neither sleep nor depend on the day.

    `now` counts monotonic seconds, `wall` seconds since 1970 (for dates in headers), `random` gives 0 <= x < 1.
    """

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    random: Callable[[], float] = random


def may_repeat(request: UpstreamRequest, outcome: UpstreamResponse | TransportFault) -> bool:
    """Tell whether sending `request` again is safe and has a chance.

    A fault before the connection was made, and a 429, were never acted upon: any request may go again (RFC 6585 makes
    429 a refusal). After anything else the API may have acted, so only a repeatable request goes again.
    """
    if isinstance(outcome, TransportFault):
        return not outcome.lasting and (request.repeatable or not outcome.sent)
    return outcome.status == 429 or (outcome.status in PASSING_STATUSES and request.repeatable)


def may_have_acted(request: UpstreamRequest, outcome: UpstreamResponse | TransportFault) -> bool:
    """Tell whether an attempt that is now repeated could have changed something: a gateway's 502 or 504 proves nothing."""
    if request.reads:
        return False
    return outcome.sent if isinstance(outcome, TransportFault) else outcome.status != 429 and not outcome.undone


def backoff(attempt: int, chance: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1): full jitter under a doubling, capped ceiling."""
    return chance * min(_LAST_CEILING, _FIRST_CEILING * 2.0 ** min(attempt - 1, 16))


def next_wait(asked: float | None, jitter: float, left: float, deadline: float) -> float | None:
    """Seconds to wait before the next attempt, or None when too little would be left of the deadline.

    Args:
        asked: what Retry-After asked for, in seconds; at least that long is waited.
        jitter: from `backoff`; comes on top, so that callers told the same second do not come back in the same instant.
        left: seconds left of the whole call.
        deadline: length of the whole call, in seconds.
    """
    most = left - deadline * _LEAST_SHARE
    least = asked or 0.0
    return min(least + jitter, most) if least <= most and most > 0 else None


def parse_retry_after(text: str | None, wall: float) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date, as seconds from `wall`; None when it says nothing usable."""
    text = (text or "").strip()
    if not text or len(text) > _LONGEST_HEADER:
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        # RFC 9110 dates are GMT; one without a zone is read as that, never as this machine's own.
        stamp = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, stamp - wall)
