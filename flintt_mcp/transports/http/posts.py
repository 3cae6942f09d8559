"""Messages that are posted to the MCP URL, at every revision: who sent them, and how they are answered.

In: one well-formed message and its exchange. Out: its answer, JSON where nothing is shown or asked on the way, else a stream.
Arguments are never judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mcp_types import DEFAULT_NEGOTIATED_VERSION
from starlette.responses import Response

from flintt_mcp.transports.envelope import Envelope
from flintt_mcp.transports.http.exchanges.accept import accept_of
from flintt_mcp.transports.http.exchanges.events import EventStream, send_json
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.exchanges.json_responses import rpc_error
from flintt_mcp.transports.http.exchanges.streams import Streams
from flintt_mcp.transports.http.kernel import Client, Kernel, Reply
from flintt_mcp.transports.http.modern import VERSION_HEADER, Modern, is_modern, refused_notification
from flintt_mcp.transports.http.session_streams import SESSION_HEADER, no_session, session_of
from flintt_mcp.transports.http.sessions.sessions import Sessions
from flintt_mcp.transports.http.sessions.statement import Session
from flintt_mcp.transports.http.way_back import Ask, way_back

LISTEN = "subscriptions/listen"


class Posts:
    """Answers what is posted. `needs_stream` says of a tool whether its calls may show something before the result."""

    def __init__(
        self, kernel: Kernel, needs_stream: Callable[[str], bool], sessions: Sessions, streams: Streams
    ) -> None:
        self._needs_stream = needs_stream
        self._kernel = kernel
        self._modern = Modern(kernel.server)
        self._sessions = sessions
        self._streams = streams

    async def answer(self, message: Envelope, exchange: Exchange) -> None:
        """Answers one message."""
        if is_modern(exchange.found):
            await self._answer_modern(message, exchange)
        elif SESSION_HEADER in exchange.found:
            await self._answer_inside(message, exchange)
        elif message.method == "initialize" and message.whole is not None:
            await self._open(message.whole, exchange)
        else:
            await self._answer_outside(message, exchange)

    async def _answer_modern(self, message: Envelope, exchange: Exchange) -> None:
        """A message that says all of itself. Who closes the connection calls it off."""
        exchange.ends_with_client = True
        if message.kind == "response" or message.whole is None:
            await self._take_modern(message, exchange)
            return
        if message.method == LISTEN and not accept_of(exchange).events:
            sentence = f"{LISTEN} answers with a stream: Accept must list text/event-stream"
            await exchange.answer(rpc_error(406, sentence, id=message.id))
            return
        client = self._modern.client(message.whole, exchange.entry)
        if isinstance(client, Reply):
            await send_json(exchange, *client)
        elif message.method == LISTEN:
            await self._streams.serve(exchange, partial(self._request, message, client=client))
        else:
            await self._request(message, exchange, client)

    async def _take_modern(self, message: Envelope, exchange: Exchange) -> None:
        """A message that is no request: of this revision no notification does anything, and there are no responses."""
        if message.kind == "response":
            sentence = "The body must be a single JSON-RPC request or notification"
            await exchange.answer(rpc_error(400, sentence))
        elif (refused := refused_notification(exchange.found)) is not None:
            await send_json(exchange, *refused)
        else:
            await exchange.answer(Response(status_code=202))

    async def _answer_inside(self, message: Envelope, exchange: Exchange) -> None:
        """A message of a session."""
        session = session_of(exchange, self._sessions)
        if session is None:
            await exchange.answer(no_session())
        elif not accept_of(exchange).events:
            sentence = "In a session the Accept header must list application/json and text/event-stream"
            await exchange.answer(rpc_error(406, sentence, id=message.id))
        elif message.kind != "request" or message.id is None or message.whole is None:
            await exchange.answer(Response(status_code=202))
            await self._take(message, session)
        elif message.method == "initialize":
            await self._open(message.whole, exchange)
        elif not self._sessions.running.begin(session.name, message.id, exchange):
            sentence = "A request with this id is still running in this session"
            await exchange.answer(rpc_error(409, sentence, id=message.id))
        else:
            try:
                client = Client(session.revision, {"name": session.client, "version": ""}, session.capabilities)
                await self._request(message, exchange, client, session)
            finally:
                self._sessions.running.end(session.name, message.id, exchange)

    async def _take(self, message: Envelope, session: Session) -> None:
        """What needs no answer in a session."""
        if message.kind == "response" and message.whole is not None:
            await self._sessions.answer(session, message.id, message.whole)
        elif message.cancels is not None:
            await self._sessions.cancel(session, message.cancels)

    async def _answer_outside(self, message: Envelope, exchange: Exchange) -> None:
        """A message of the handshake era without a session. Clients that take no streams are served that way."""
        if accept_of(exchange).events:
            sentence = "Bad Request: Missing session ID; send initialize first"
            await exchange.answer(rpc_error(400, sentence, id=message.id))
        elif message.kind != "request":
            await exchange.answer(Response(status_code=202))
        else:
            version = exchange.found.get(VERSION_HEADER, DEFAULT_NEGOTIATED_VERSION.encode()).decode()
            await self._request(message, exchange, Client(version))

    async def _open(self, message: Mapping[str, Any], exchange: Exchange) -> None:
        """A handshake. It opens a session where it succeeds and the client takes streams."""
        reply, said, revision = await self._kernel.initialize(message, exchange.scope)
        headers = []
        if said is not None and accept_of(exchange).events:
            capabilities = message["params"]["capabilities"]
            principal = exchange.entry.caller.principal
            headers = [(SESSION_HEADER, self._sessions.id(revision, said.client_info.name, capabilities, principal))]
        await send_json(exchange, *reply, headers)

    async def _request(
        self, message: Envelope, exchange: Exchange, client: Client, session: Session | None = None
    ) -> None:
        """One request of a known client."""
        assert message.whole is not None
        shows = message.can_stream or (message.tool is not None and self._needs_stream(message.tool))
        reply = None if shows else await self._kernel.quick(message.whole, client, exchange.scope)
        if reply is None:
            events = exchange.events = EventStream(exchange) if accept_of(exchange).events else None
            tell = None if events is None else events.tell
            back = way_back(message.whole, exchange.scope, tell, self._ask(session, events))
            reply = await self._kernel.reply(message.whole, client, exchange.scope, back)
        if session is not None and message.id is not None:
            self._sessions.running.end(session.name, message.id, exchange)
        await (send_json(exchange, *reply) if exchange.events is None else exchange.events.end(*reply))

    def _ask(self, session: Session | None, events: EventStream | None) -> Ask | None:
        """How a handler asks the client: on the stream of its request, in a session alone."""
        if session is None or events is None:
            return None
        return partial(self._sessions.questions.ask, session.name, events.tell)
