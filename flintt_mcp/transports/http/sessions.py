"""Stateful Streamable HTTP sessions (revisions up to 2025-11-25): how many one caller holds, and which ids run in them.

In: requests for the SDK's session manager. Out: the same manager, with two limits the SDK has no hook for. The seam is
private (`_admit_session`, `_server_instances`), which is why mcp is pinned below the next minor version; a test of the
seam breaks first. Were the seam gone, sessions would still work, without the limit per caller.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from flintt_mcp.transports.envelope import Envelope
from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.json_responses import rpc_error
from flintt_mcp.transports.http.options import HttpOptions
from flintt_mcp.transports.http.running_ids import RunningIds

_opener: ContextVar[str] = ContextVar("flintt_mcp_session_opener", default="")
"""What the opener of a session is counted by, while the request that opens it is handled."""


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
        self._openers: dict[str, str] = {}
        self._ids = RunningIds(self._server_instances)

    async def answer(self, message: Envelope, exchange: Exchange) -> None:
        """Answers one message of the handshake era: the one that opens a session, or one inside."""
        session = exchange.found.get(b"mcp-session-id")
        if session is None:
            await self._open(exchange)
        else:
            await self._inside(session.decode("latin-1"), message, exchange)

    async def _open(self, exchange: Exchange) -> None:
        token = _opener.set(exchange.entry.counted_as)
        try:
            await self.handle_request(exchange.scope, exchange.receive, exchange.send)
        except SessionsFull as full:
            await exchange.answer(rpc_error(503, str(full), headers={"retry-after": "60"}))
        finally:
            _opener.reset(token)

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
        self._forget_ended()
        if self.max_sessions is not None and len(self._server_instances) >= self.max_sessions:
            raise SessionsFull("Too many sessions are open on this server; try again later")
        opener = _opener.get()
        if sum(1 for other in self._openers.values() if other == opener) >= self._max_per_caller:
            raise SessionsFull("Too many sessions are open for this caller; end one of them first (DELETE)")
        transport = super()._admit_session(requestor)
        if transport is not None and transport.mcp_session_id is not None:
            self._openers[transport.mcp_session_id] = opener
        return transport

    def _forget_ended(self) -> None:
        for ended in self._openers.keys() - self._server_instances.keys():
            del self._openers[ended]
        self._ids.forget_ended_sessions()
