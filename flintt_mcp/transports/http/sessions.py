"""Stateful Streamable HTTP sessions (revisions up to 2025-11-25): who makes room for whom, and which ids run in them.

In: requests for the SDK's session manager. Out: the same manager, with what the SDK has no hook for: a limit per caller, room for
the newest session in place of the idlest, and no session for a handshake that failed. The seam is private (`_admit_session`,
`_discard_session`, `_server_instances`, a transport's `_requests_in_flight`), which is why mcp is pinned below the next minor
version; a test of the seam breaks first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from flintt_mcp.transports.envelope import Envelope
from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.json_responses import rpc_error
from flintt_mcp.transports.http.options import HttpOptions
from flintt_mcp.transports.http.running_ids import Run, RunningIds


class _Opener(NamedTuple):
    """Who opened a session. No key is kept with it."""

    counted_as: str
    address: str


@dataclass(slots=True)
class _Opening:
    """A request that opens a session, and the session once there is one."""

    opener: _Opener
    session: str | None = None


_opening: ContextVar[_Opening] = ContextVar("flintt_mcp_session_opening")


class SessionsFull(Exception):
    """No further session may be opened; the text is for the client. Caught where the request is handled."""


class CappedSessions(StreamableHTTPSessionManager):
    """The SDK's session manager with a limit per caller and one answer at a time for each request id."""

    def __init__(self, server: Server[Any], options: HttpOptions) -> None:
        super().__init__(
            server,
            stateless=options.stateless,
            session_idle_timeout=options.idle_timeout,
            max_request_body_size=options.max_body_bytes,
            max_sessions=options.max_sessions,
        )
        self._max_per_caller = options.max_sessions_per_caller
        self._openers: dict[str, _Opener] = {}
        self._ids = RunningIds(self._server_instances)

    async def answer(self, message: Envelope, exchange: Exchange) -> None:
        """Answers one message of the handshake era: the one that opens a session, or one inside."""
        session = exchange.found.get(b"mcp-session-id")
        if session is None:
            await self._open(exchange)
        else:
            await self._inside(session.decode("latin-1"), message, exchange)

    async def _open(self, exchange: Exchange) -> None:
        opening, run = _Opening(_Opener(exchange.entry.counted_as, exchange.entry.trace.address)), Run()
        token = _opening.set(opening)
        try:
            await self.handle_request(exchange.scope, exchange.receive, run.watched(exchange.send))
        except SessionsFull as full:
            await exchange.answer(rpc_error(503, str(full), headers={"retry-after": "60"}))
        finally:
            _opening.reset(token)
            transport = self._server_instances.get(opening.session or "")
            if transport is not None and opening.session is not None and not run.succeeded:
                await self._discard_session(opening.session, transport)

    async def _inside(self, session: str, message: Envelope, exchange: Exchange) -> None:
        if message.kind != "request" or message.id is None:
            await self.handle_request(exchange.scope, exchange.receive, exchange.send)
            return
        run = await self._ids.begin(session, message.id)
        if run is None:
            sentence = "A request with this id is still running in this session"
            await exchange.answer(rpc_error(409, sentence, id=message.id))
            return
        try:
            await self.handle_request(exchange.scope, exchange.receive, run.watched(exchange.send))
        finally:
            self._ids.end(session, message.id, run)

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        opening = _opening.get()
        self._forget_ended()
        self._make_room(opening.opener)
        transport = super()._admit_session(requestor)
        if transport is not None and transport.mcp_session_id is not None:
            opening.session = transport.mcp_session_id
            self._openers[opening.session] = opening.opener
        return transport

    def _make_room(self, opener: _Opener) -> None:
        """Ends the idlest session of a caller that holds as many as it may, or of the address that holds most when all are taken.

        Whoever comes back to a session that ended gets 404 and opens a new one, as the protocol has it. Invented keys are many
        callers at one address, so that they take room from each other.
        """
        own = [session for session, other in self._openers.items() if other.counted_as == opener.counted_as]
        if len(own) >= self._max_per_caller and not self._end_idlest(own):
            raise SessionsFull("Too many sessions are open for this caller; end one of them first (DELETE)")
        if self.max_sessions is not None and len(self._server_instances) >= self.max_sessions:
            ((crowded, _),) = Counter(other.address for other in self._openers.values()).most_common(1)
            there = [session for session, other in self._openers.items() if other.address == crowded]
            if not self._end_idlest(there) and not self._end_idlest(list(self._openers)):
                raise SessionsFull("Too many sessions are open on this server; try again later")

    def _end_idlest(self, sessions: Iterable[str]) -> bool:
        """Ends the session of these in which nothing has run for longest; False when something runs in each."""
        open_here = {session: self._server_instances[session] for session in sessions}
        idle = {
            session: transport.idle_scope.deadline
            for session, transport in open_here.items()
            if transport.idle_scope is not None and not transport._requests_in_flight
        }
        if not idle or self._task_group is None:
            return False
        idlest = min(idle, key=idle.__getitem__)
        # Forgotten now, so that its place is free; what it stands on is closed as soon as the loop gets there.
        del self._server_instances[idlest], self._openers[idlest]
        self._session_owners.pop(idlest, None)
        self._task_group.start_soon(open_here[idlest].terminate)
        return True

    def _forget_ended(self) -> None:
        for ended in self._openers.keys() - self._server_instances.keys():
            del self._openers[ended]
        self._ids.forget_ended_sessions()
