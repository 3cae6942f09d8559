"""The two values that cross the network border, and the one call that carries them.

`request.py` makes an `UpstreamRequest`; a `Sender` turns it into an `UpstreamResponse`; `answers.py` reads that. A
`Sender` is the seam that tests and the in-process sandbox replace: everything above it (retries, deadlines, size
limits) stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Quota:
    """What an API allows each key: `limit` requests in any `seconds`. `title` names the API to people."""

    title: str
    limit: int
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One HTTP request to one API.

    `headers` holds the credential and is left out of the repr, as is the body. `repeatable` is True when sending it a
    second time cannot change more than sending it once: reads, and writes that carry an idempotency key. `api` and `key` say
    with whom it shares connections; no request is made of them. `quota` is what the API allows the key, where it says so.
    """

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = False
    api: str = ""
    key: str = field(default="", repr=False)
    quota: Quota | None = None

    @property
    def reads(self) -> bool:
        """Whether the request cannot have changed anything, however it ended."""
        return self.method in ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """One complete HTTP answer: status, headers with lower-case names, and the whole body in bytes.

    `attempts` counts how often the request was sent; `retry_after` holds the seconds that a 429, 502, 503 or 504 asked
    to wait. `unsure` is True when an earlier attempt of a write that may be sent twice could have been carried out, so
    that a refusal of the last one does not prove that nothing was changed.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    attempts: int = 1
    retry_after: float | None = None
    unsure: bool = False

    @property
    def undone(self) -> bool:
        """Whether the answer itself says that nothing was changed (`Changed: no`), as the sandbox's does when its disk is full."""
        return self.headers.get("changed") == "no"


Sender = Callable[[UpstreamRequest], Awaitable[UpstreamResponse]]
"""Sends one request once: no retry, no redirect. Raises `TransportFault` when there is no complete answer."""


class TransportFault(Exception):
    """One attempt failed below HTTP.

    `sent` tells whether the API may have seen the request: False only when the connection was never made.
    `lasting` marks a fault that asking again cannot cure (a bad address, a certificate that is not trusted).
    `reason` is a short phrase for people: "connection refused", "no answer within 30 s". It holds no URL and no header.
    """

    def __init__(self, reason: str, *, sent: bool, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.lasting = lasting


class AnswerTooLarge(TransportFault):
    """The answer passed the size limit and was cut off there; `status` is what its head said."""

    def __init__(self, status: int, limit: int) -> None:
        super().__init__(f"the answer is larger than {limit} bytes", sent=True, lasting=True)
        self.status = status
        self.limit = limit
