"""What one request is known by: its id, the trace that it is part of, when it came and from where.

In: the headers by which a client names its request, where they are sane. Out: a `Trace` that goes along with the caller. It holds
nothing that could not stand in a log line.
"""

from __future__ import annotations

import random
import re
import time

_SANE_ID = re.compile(rb"[0-9A-Za-z-]{1,64}")
"""No `_` and no `.`: keys and tokens of the APIs have them, UUIDs and their like do not."""
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""The W3C's trace context, version 00."""


class Trace:
    """One request. `parent` is its W3C traceparent or empty, `address` where it came from, as far as anybody knows; `told` says
    that a line of the log tells how it ended.
    """

    __slots__ = ("address", "id", "parent", "started", "told")

    def __init__(self, id: str = "", parent: str = "", address: str = "") -> None:
        self.id = id or f"{random.getrandbits(64):016x}"
        self.parent = parent
        self.address = address
        self.started = time.perf_counter()
        self.told = False


def read_trace(request_id: bytes | None, traceparent: bytes | None, address: str = "") -> Trace:
    """The trace of a request that came from there with these headers; one that is not sane counts as not sent."""
    return Trace(
        request_id.decode() if request_id is not None and _SANE_ID.fullmatch(request_id) else "",
        traceparent.decode() if traceparent is not None and _TRACEPARENT.fullmatch(traceparent) else "",
        address,
    )
