"""What a call to an API may take: the one value that attempts, waits and the network are bounded by.

In: settings that `app.py` has read. Out: one frozen `Limits`. Seconds and bytes throughout; nothing here waits or counts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of calls.

    Args:
        connect_timeout: seconds to wait for a free connection, and to make one.
        attempt_timeout: seconds for one attempt, from the connection to the last byte.
        deadline: seconds for a whole call, retries and waits included.
        attempts: how often one call is sent at most; 1 turns retries off.
        max_response_bytes: limit of a decoded body.
        max_connections: attempts at a time for each API; more wait up to `connect_timeout` for their turn (`shares.py`).
    """

    connect_timeout: float = 5.0
    attempt_timeout: float = 20.0
    deadline: float = 30.0
    attempts: int = 3
    max_response_bytes: int = 4 * 1024 * 1024
    max_connections: int = 100
