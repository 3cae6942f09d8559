"""Sends one call to an API: attempts, waits and deadline in one place.

In: an `UpstreamRequest`. Out: the API's complete answer, whatever its status (`answers.py` reads it), or an error of
the house when there is none: `Unreachable`, or `Unavailable` for an answer past the size limit. What goes over the wire
is a `Sender`'s business (`network.py`, `in_process.py`). No URL query, header or body ever enters a message.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import anyio

from flintt_mcp import __version__
from flintt_mcp.errors import Changed, RateLimited, Unavailable, Unreachable, UpstreamError
from flintt_mcp.rest.sending import retry
from flintt_mcp.rest.sending.in_process import route_sender
from flintt_mcp.rest.sending.message import (
    AnswerTooLarge,
    Quota,
    Sender,
    TransportFault,
    UpstreamRequest,
    UpstreamResponse,
)
from flintt_mcp.rest.sending.retry import Pace
from flintt_mcp.rest.sending.wire import NetworkLimits, open_wire

USER_AGENT = f"flintt-mcp/{__version__}"

_LOOK_FIRST = "It may have been done. List or get what it would have changed before trying again."


Admit = Callable[[Quota, str, float], Awaitable[None]]
"""Waits until a request of this quota may be sent: (quota, operation, end of the call's time)."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of one call: seconds per attempt, seconds in all (waits included), attempts, bytes of an answer."""

    attempt_timeout: float
    deadline: float
    attempts: int
    max_response_bytes: int


@asynccontextmanager
async def open_client(
    *,
    connect_timeout: float = 5.0,
    attempt_timeout: float = 20.0,
    deadline: float = 30.0,
    attempts: int = 3,
    max_response_bytes: int = 4 * 1024 * 1024,
    max_connections: int = 100,
    user_agent: str = USER_AGENT,
    sender: Sender | None = None,
    routes: Mapping[str, Sender] | None = None,
    eager: bool = False,
    admit: Admit | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[UpstreamClient]:
    """Open the one upstream client of the app and close it, with its connections, at the end.

    Args:
        connect_timeout: seconds to get a connection, from the pool or a new one.
        attempt_timeout: seconds for one attempt, from asking for a connection to the last byte.
        deadline: seconds for a whole call, retries and waits included.
        attempts: how often one call is sent at most; 1 turns retries off.
        max_response_bytes: limit of a decoded body.
        max_connections: attempts on the network at a time, counted apart for what may be sent twice and what may not;
            more wait up to `connect_timeout`.
        sender: replaces the network.
        routes: base URL to the sender that answers below it (a sandbox in this process); all else goes to the network.
        eager: load the HTTP library (0.2 s) now, as a server should, and not during the first request.
        admit: waits until a request with a quota may be sent (`rate.Rate.admit`).
        pace: clock, sleep and chance, for tests.

    Raises:
        ConfigError: a proxy variable of the environment is no address.
    """
    limits = CallLimits(attempt_timeout, deadline, attempts, max_response_bytes)

    def client(wire: Sender, *, keeps_time: bool = False) -> UpstreamClient:
        whole = route_sender(routes, wire) if routes else wire
        return UpstreamClient(whole, limits, pace or Pace(), admit, sender_keeps_time=keeps_time)

    if sender is not None:
        yield client(sender)
        return
    network = NetworkLimits(connect_timeout, attempt_timeout, max_connections, max_response_bytes)
    async with open_wire(network, user_agent, eager=eager) as wire:
        yield client(wire, keeps_time=not routes)


class UpstreamClient:
    """Sends calls within limits; safe to share among all calls of the server.

    `sender_keeps_time` says that the sender itself ends an attempt after `limits.attempt_timeout` seconds.
    """

    __slots__ = ("_admit", "_limits", "_pace", "_sender", "_sender_keeps_time")

    def __init__(
        self,
        sender: Sender,
        limits: CallLimits,
        pace: Pace,
        admit: Admit | None = None,
        *,
        sender_keeps_time: bool = False,
    ) -> None:
        self._admit = admit
        self._sender = sender
        self._limits = limits
        self._pace = pace
        self._sender_keeps_time = sender_keeps_time

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send `request`, again where that is safe and helps, and return the last complete answer of any status.

        Raises:
            Unreachable: no complete answer; its `changed` says whether the API may have acted.
            Unavailable: the answer is larger than the limit.
            RateLimited: the key's own quota leaves no turn within the deadline; nothing was sent.
        """
        until = self._pace.now() + self._limits.deadline
        attempt = 0
        unsure = False
        while True:
            attempt += 1
            if request.quota is not None and self._admit is not None:
                try:
                    await self._admit(request.quota, request.operation, until)
                except RateLimited:
                    if attempt == 1:
                        raise
                    attempt -= 1
                    break
            outcome = await self._attempt(request, until - self._pace.now())
            if isinstance(outcome, UpstreamResponse) and outcome.status not in retry.PASSING_STATUSES:
                return outcome if attempt == 1 else replace(outcome, attempts=attempt, unsure=unsure)
            asked = self._asked(outcome)
            wait = self._wait(request, outcome, asked, attempt, until)
            if wait is None:
                break
            unsure = unsure or retry.may_have_acted(request, outcome)
            await self._pace.sleep(wait)
        if isinstance(outcome, TransportFault):
            raise _failure(request, outcome, attempt, unsure)
        return replace(outcome, attempts=attempt, retry_after=asked, unsure=unsure)

    async def _attempt(self, request: UpstreamRequest, left: float) -> UpstreamResponse | TransportFault:
        """Send once, within the attempt's time and what is left of the call's.

        A write that must not be sent twice is shielded: a caller who goes away would otherwise cut it in the middle,
        and nobody could tell whether it was done. Its time-out still holds.
        """
        seconds = max(0.0, min(self._limits.attempt_timeout, left))
        # A scope with a deadline costs about 20 us: not where another clock is running already.
        if self._sender_keeps_time and request.repeatable and seconds == self._limits.attempt_timeout:
            return await self._once(request)
        with anyio.CancelScope(deadline=anyio.current_time() + seconds, shield=not request.repeatable):
            return await self._once(request)
        return TransportFault(f"no complete answer within {seconds:.3g} s", sent=True)

    async def _once(self, request: UpstreamRequest) -> UpstreamResponse | TransportFault:
        try:
            response = await self._sender(request)
        except TransportFault as fault:
            return fault
        if len(response.body) > self._limits.max_response_bytes:
            return AnswerTooLarge(response.status, self._limits.max_response_bytes)
        return response

    def _asked(self, outcome: UpstreamResponse | TransportFault) -> float | None:
        if isinstance(outcome, TransportFault):
            return None
        return retry.parse_retry_after(outcome.headers.get("retry-after"), self._pace.wall())

    def _wait(
        self,
        request: UpstreamRequest,
        outcome: UpstreamResponse | TransportFault,
        asked: float | None,
        attempt: int,
        until: float,
    ) -> float | None:
        if attempt >= self._limits.attempts or not retry.may_repeat(request, outcome):
            return None
        jitter = retry.backoff(attempt, self._pace.random())
        return retry.next_wait(asked, jitter, until - self._pace.now(), self._limits.deadline)


def _failure(request: UpstreamRequest, fault: TransportFault, attempts: int, unsure: bool) -> UpstreamError:
    """Say what happened, whether anything was changed and what to do next."""
    if isinstance(fault, AnswerTooLarge):
        return _too_large(request, fault)
    tries = f" ({attempts} attempts)" if attempts > 1 else ""
    changed, advice = _consequence(request, fault, unsure)
    return Unreachable(
        f"No answer from {_host(request.url)}: {fault.reason}{tries}.",
        operation=request.operation,
        changed=changed,
        advice=advice,
    )


def _consequence(request: UpstreamRequest, fault: TransportFault, unsure: bool) -> tuple[Changed, str]:
    """Say whether anything was changed; `unsure` tells that an attempt before the last one may have been carried out."""
    if not fault.sent and not unsure:
        if fault.lasting:
            return (
                "no",
                "Nothing was sent, and trying again will not help: the API's URL or this server's set-up is wrong.",
            )
        return "no", "Nothing was sent. Try again in a minute; if it lasts, check the API's URL and the network."
    if request.reads:
        return "no", "It only reads: try again in a minute, or ask for less."
    if request.repeatable:
        return "unknown", "It may have been done. Make the same call again: it will not be done twice."
    return "unknown", _LOOK_FIRST


def _too_large(request: UpstreamRequest, fault: AnswerTooLarge) -> UpstreamError:
    return Unavailable(
        f"The API's answer is larger than this server's limit of {_size(fault.limit)}.",
        operation=request.operation,
        status=fault.status,
        changed="no" if request.reads else "unknown",
        advice="Narrow the request: a smaller limit, a filter or a shorter period." if request.reads else _LOOK_FIRST,
    )


def _host(url: str) -> str:
    """The host alone: the rest of a URL may hold a key or a customer's name."""
    try:
        return urlsplit(url).hostname or "the API"
    except ValueError:
        return "the API"


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.3g} MiB" if count >= 1024 * 1024 else f"{count} bytes"
