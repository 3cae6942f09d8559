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

from flintt_mcp.transports.envelope import Envelope, RequestId
from flintt_mcp.transports.http.exchange import Exchange
from flintt_mcp.transports.http.json_responses import rpc_error
from flintt_mcp.transports.http.options import HttpOptions

_MAX_UNCOLLECTED = 1000

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
        self._running: dict[str, dict[str, bool]] = {}

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
        elif not self.claim(session, message.id):
            await exchange.answer(
                rpc_error(409, "A request with this id is still running in this session", id=message.id)
            )
        else:
            try:
                await self.handle_request(exchange.scope, exchange.receive, exchange.send)
            finally:
                self.release(session, message.id, collected=exchange.finished)

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
        for ended in self._running.keys() - self._server_instances.keys():
            del self._running[ended]

    def claim(self, session_id: str, request_id: RequestId) -> bool:
        """Takes a request id for one call; False while another call of the session holds it.

        The SDK files answers under the id as text, so 1 and "1" are one id.
        """
        if session_id not in self._server_instances:
            return True
        ids = self._running.setdefault(session_id, {})
        if str(request_id) in ids:
            return False
        ids[str(request_id)] = True
        return True

    def release(self, session_id: str, request_id: RequestId, *, collected: bool) -> None:
        """Gives an id back. When its answer was not `collected` the call may still run, and the id stays taken."""
        ids = self._running.get(session_id, {})
        if collected or session_id not in self._server_instances:
            ids.pop(str(request_id), None)
        elif str(request_id) in ids:
            ids[str(request_id)] = False
            uncollected = [key for key, runs in ids.items() if not runs]
            for oldest in uncollected[: max(0, len(uncollected) - _MAX_UNCOLLECTED)]:
                del ids[oldest]
        if not ids:
            self._running.pop(session_id, None)
