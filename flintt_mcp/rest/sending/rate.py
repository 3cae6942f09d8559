"""Keeps an API's own limit of requests for each key, before anything is sent.

In: a request with a `Quota` (how many in how many seconds) and the end of the call's time. Out: permission to send now, or
`RateLimited` at once when the turn would come too late. Requests are counted in a `Window` (`state/windows.py`), of one
process or of several that share a key. A window knows keys only as keyed digests.
"""

from __future__ import annotations

import hashlib
import hmac
import math

from flintt_mcp.errors import RateLimited
from flintt_mcp.rest.sending.message import Quota, UpstreamRequest
from flintt_mcp.rest.sending.retry import Pace
from flintt_mcp.state.windows import Window

SLACK_SECONDS = 1.0
"""Added to every window: requests that leave a window apart may arrive a little closer together."""


class Rate:
    """Lets requests through, first come, first served. `digest_key` (32 bytes or more) keys the digests of keys."""

    def __init__(self, window: Window, digest_key: bytes, pace: Pace | None = None) -> None:
        self._window = window
        self._digest_key = hmac.digest(digest_key, b"flintt-mcp rate", hashlib.sha256)
        self._pace = pace or Pace()
        self._lines: dict[str, dict[object, None]] = {}

    async def admit(self, request: UpstreamRequest, until: float) -> None:
        """Wait until the request may be sent and count it, if its API has a quota.

        Args:
            until: the moment of the pace's `now` after which the call has no time left.

        Raises:
            RateLimited: its turn comes after `until`; nothing was sent, and `retry_after` says when it would.
        """
        quota = request.quota
        if quota is None:
            return
        bucket = self._bucket(quota, request.key)
        line, ticket = self._lines.setdefault(bucket, {}), object()
        line[ticket] = None
        try:
            while True:
                ahead = 0 if len(line) == 1 else list(line).index(ticket)
                wait = await self._window.take(bucket, quota.limit, quota.seconds + SLACK_SECONDS, ahead)
                if wait <= 0:
                    return
                if self._pace.now() + wait > until:
                    raise _too_late(quota, request.operation, wait)
                await self._pace.sleep(wait)
        finally:
            del line[ticket]
            if not line:
                self._lines.pop(bucket, None)

    def _bucket(self, quota: Quota, key: str) -> str:
        return hmac.digest(self._digest_key, f"{quota.title}\n{key}".encode(), hashlib.sha256).hex()


def _too_late(quota: Quota, operation: str, wait: float) -> RateLimited:
    return RateLimited(
        f"{quota.title} takes {quota.limit} requests in {quota.seconds:.0f} s from one key, and that many have been sent",
        operation=operation,
        changed="no",
        advice=f"nothing was sent; wait {math.ceil(wait)} s, then call again",
        retry_after=wait,
    )
