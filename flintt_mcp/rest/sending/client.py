"""Sends one call to an API: attempts, waits and deadline in one place.

In: an `UpstreamRequest`. Out: the API's complete answer, whatever its status (`answers.py` reads it), or an error of
the house when there is none: `Unreachable`, or `Unavailable` for an answer past the size limit. What goes over the wire
is a `Sender`'s business (`network.py`, `in_process.py`). No URL query, header or body ever enters a message.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio

from flintt_mcp import __version__
from flintt_mcp.errors import Busy, RateLimited
from flintt_mcp.rest.sending import retry
from flintt_mcp.rest.sending.first_use import open_network_late
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import (
    AnswerTooLarge,
    Sender,
    TransportFault,
    UpstreamRequest,
    UpstreamResponse,
)
from flintt_mcp.rest.sending.no_answer import no_answer, no_place
from flintt_mcp.rest.sending.retry import Pace
from flintt_mcp.rest.sending.routes import route_sender
from flintt_mcp.rest.sending.shares import Shares

USER_AGENT = f"flintt-mcp/{__version__}"

Admit = Callable[[UpstreamRequest, float], Awaitable[None]]
"""Waits until a request with a quota may be sent: (request, end of the call's time)."""

Outcome = UpstreamResponse | TransportFault
"""What came of one attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How requests leave.

    Args:
        sender: replaces the network.
        routes: base URL to the sender that answers below it (a sandbox in this process); all else goes to the network.
        user_agent: how this server names itself to the APIs.
    """

    sender: Sender | None = None
    routes: Mapping[str, Sender] = field(default_factory=dict)
    user_agent: str = USER_AGENT


@asynccontextmanager
async def open_client(
    limits: Limits | None = None, ways: Ways | None = None, *, admit: Admit | None = None, pace: Pace | None = None
) -> AsyncIterator[UpstreamClient]:
    """Open the one upstream client of the app and close it, with its connections, at the end.

    Args:
        admit: waits until a request with a quota may be sent (`rate.Rate.admit`).
        pace: clock, sleep and chance, for tests.

    Raises:
        ConfigError: a proxy variable of the environment is no address.
    """
    limits, ways, pace = limits or Limits(), ways or Ways(), pace or Pace()
    async with AsyncExitStack() as stack:
        sender = ways.sender
        if sender is None:
            network = open_network_late(limits, ways.user_agent)
            sender = await stack.enter_async_context(network)
        keeps_time = ways.sender is None and not ways.routes
        if ways.routes:
            sender = route_sender(ways.routes, sender)
        yield UpstreamClient(sender, limits, pace, admit, sender_keeps_time=keeps_time)


class UpstreamClient:
    """Sends calls within limits; safe to share among all calls of the server.

    `sender_keeps_time` says that the sender itself ends an attempt after `limits.attempt_timeout` seconds.
    """

    __slots__ = ("_admit", "_limits", "_pace", "_sender", "_sender_keeps_time", "_shares")

    def __init__(
        self,
        sender: Sender,
        limits: Limits,
        pace: Pace,
        admit: Admit | None = None,
        *,
        sender_keeps_time: bool = False,
    ) -> None:
        self._admit = admit
        self._sender = sender
        self._limits = limits
        self._pace = pace
        self._shares: dict[str, Shares] = {}
        self._sender_keeps_time = sender_keeps_time

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send `request`, again where that is safe and helps, and return the last complete answer of any status.

        Raises:
            Unreachable: no complete answer; its `changed` says whether the API may have acted.
            Unavailable: the answer is larger than the limit.
            RateLimited: the key's own quota leaves no turn within the deadline; nothing was sent.
            Busy: no connection came free for this key in time; nothing was sent.
        """
        until = self._pace.now() + self._limits.deadline
        attempts, unsure = 1, False
        outcome = await self._in_turn(request, until)
        while (wait := self._wait(request, outcome, attempts, until)) is not None:
            unsure = unsure or retry.may_have_acted(request, outcome)
            await self._pace.sleep(wait)
            try:
                outcome = await self._in_turn(request, until)
            except (RateLimited, Busy):
                break  # there is no further turn in time, so what the last attempt gave is what the call gave
            attempts += 1
        if isinstance(outcome, TransportFault):
            raise no_answer(request, outcome, attempts, unsure)
        asked = self._asked(outcome)
        if attempts == 1 and asked is None:
            return outcome
        return replace(outcome, attempts=attempts, retry_after=asked, unsure=unsure)

    async def reach(self, url: str, seconds: float) -> str | None:
        """Whether anything answers at `url` within `seconds`: None, or why not.

        Asked once, without a key and past all shares, on a connection of its own: what looks after this server never waits
        for its calls.
        """
        request = UpstreamRequest("reach", "GET", url, {}, repeatable=False)
        with anyio.move_on_after(seconds):
            try:
                await self._sender(request)
            except TransportFault as fault:
                return None if isinstance(fault, AnswerTooLarge) else fault.reason
            return None
        return f"no answer within {seconds:.3g} s"

    async def _in_turn(self, request: UpstreamRequest, until: float) -> Outcome:
        """One attempt, once the key's quota and its share of the connections let it through."""
        if request.quota is not None and self._admit is not None:
            await self._admit(request, until)
        shares = self._shares.get(request.api) or self._shares_of(request.api)
        if not shares.take(request.key):
            wait = max(0.0, min(self._limits.connect_timeout, until - self._pace.now()))
            if not await shares.wait(request.key, wait):
                raise no_place(request, shares.total, shares.held(request.key))
        try:
            return await self._attempt(request, until - self._pace.now())
        finally:
            shares.give_back(request.key)

    def _shares_of(self, api: str) -> Shares:
        """Each API has connections of its own: one that answers nobody keeps none from another."""
        return self._shares.setdefault(api, Shares(self._limits.max_connections))

    async def _attempt(self, request: UpstreamRequest, left: float) -> Outcome:
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

    async def _once(self, request: UpstreamRequest) -> Outcome:
        try:
            response = await self._sender(request)
        except TransportFault as fault:
            return fault
        if len(response.body) > self._limits.max_response_bytes:
            return AnswerTooLarge(response.status, self._limits.max_response_bytes)
        return response

    def _wait(self, request: UpstreamRequest, outcome: Outcome, attempts: int, until: float) -> float | None:
        """Seconds until the next attempt, or None when `outcome` is what the call gave."""
        if attempts >= self._limits.attempts or not retry.may_repeat(request, outcome):
            return None
        jitter = retry.backoff(attempts, self._pace.random())
        return retry.next_wait(self._asked(outcome), jitter, until - self._pace.now(), self._limits.deadline)

    def _asked(self, outcome: Outcome) -> float | None:
        """Seconds that the API asked to wait, with an answer that may pass."""
        if isinstance(outcome, TransportFault) or outcome.status not in retry.PASSING_STATUSES:
            return None
        return retry.parse_retry_after(outcome.headers.get("retry-after"), self._pace.wall())
