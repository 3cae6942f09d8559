"""What a request does with a session beside posting in it: find it, listen on it, end it.

In: exchanges whose header names a session. Out: a stream that is open as long as the session and its client, or the end of the
session in every worker. Nothing is sent on the stream but signs of life: whatever belongs to a request goes on that one's stream.
"""

from __future__ import annotations

from functools import partial

import anyio
from starlette.responses import Response

from flintt_mcp.transports.http.exchanges.accept import accept_of
from flintt_mcp.transports.http.exchanges.events import EventStream
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.exchanges.json_responses import rpc_error
from flintt_mcp.transports.http.exchanges.streams import Streams
from flintt_mcp.transports.http.sessions.sessions import Sessions
from flintt_mcp.transports.http.sessions.statement import Session

SESSION_HEADER = b"mcp-session-id"


class SessionStreams:
    """Serves GET and DELETE of sessions."""

    def __init__(self, sessions: Sessions, streams: Streams) -> None:
        self._sessions = sessions
        self._streams = streams

    async def listen(self, exchange: Exchange) -> None:
        """Opens a stream on which the server could speak first."""
        session = session_of(exchange, self._sessions)
        if session is None:
            await exchange.answer(no_session())
        elif not accept_of(exchange).events:
            await exchange.answer(rpc_error(406, "The Accept header must list text/event-stream"))
        else:
            await self._streams.serve(exchange, partial(self._listen, session), exchange.cut)

    async def _listen(self, session: Session, exchange: Exchange) -> None:
        exchange.ends_with_client = True
        exchange.events = EventStream(exchange)
        with self._sessions.listening(session, exchange.cut):
            await exchange.events.open()
            await anyio.sleep(self._sessions.seconds_left(session))
        await exchange.send({"type": "http.response.body", "body": b""})

    async def end(self, exchange: Exchange) -> None:
        """Ends the session that a request names."""
        session = session_of(exchange, self._sessions)
        if session is None:
            await exchange.answer(no_session())
        else:
            await self._sessions.end(session)
            await exchange.answer(Response(status_code=200))


def session_of(exchange: Exchange, sessions: Sessions) -> Session | None:
    """The session that a request names, if it is its caller's."""
    return sessions.find(exchange.found.get(SESSION_HEADER, b""), exchange.entry.caller.principal)


def no_session() -> Response:
    """The answer where a session is none of this caller's, or over: its client opens another one."""
    return rpc_error(404, "Session not found")
