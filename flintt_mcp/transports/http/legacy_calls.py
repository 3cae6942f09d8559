"""Requests that came over a legacy stream, answered on it.

In: a stream and a message. Out: the answer as an event, unless its client called the request off. A stream is its own session: what
its client said at the handshake stays with it, and so do questions to that client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
from mcp_types import INVALID_PARAMS
from starlette.types import Scope

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.envelope import Envelope, RequestId
from flintt_mcp.transports.http.exchanges.gate import CALLER
from flintt_mcp.transports.http.kernel import Client, Kernel
from flintt_mcp.transports.http.legacy_stream import LegacyStream
from flintt_mcp.transports.http.sessions.questions import Questions
from flintt_mcp.transports.http.sessions.running import Running
from flintt_mcp.transports.http.way_back import way_back

_BEFORE_THE_HANDSHAKE = frozenset({"ping"})


class LegacyCalls:
    """Answers what is posted to streams of one process. `needs_stream` says which tools may show something on the way."""

    def __init__(
        self, kernel: Kernel, needs_stream: Callable[[str], bool], running: Running, questions: Questions
    ) -> None:
        self._kernel = kernel
        self._needs_stream = needs_stream
        self._running = running
        self._questions = questions

    def begin(self, stream: LegacyStream, message: Envelope, caller: Caller) -> LegacyCall | None:
        """A call that takes its id and waits to be run; None while another request holds the id."""
        assert message.id is not None
        call = LegacyCall(self, stream, message, caller)
        if not self._running.begin(stream.name, message.id, call):
            return None
        stream.begin()
        return call

    def end(self, stream: LegacyStream, id: RequestId, call: LegacyCall) -> None:
        """Gives an id back."""
        self._running.end(stream.name, id, call)

    def note(self, stream: LegacyStream, message: Envelope) -> None:
        """What needs no answer."""
        if message.kind == "response" and message.whole is not None:
            self._questions.answer(stream.name, message.id, message.whole)
        elif message.cancels is not None:
            self._running.call_off(stream.name, message.cancels)

    async def answer(self, stream: LegacyStream, message: Envelope, caller: Caller) -> Mapping[str, Any]:
        """The reply to one request."""
        whole, scope = message.whole or {}, _scope(stream, caller)
        if message.method == "initialize":
            reply, said, revision = await self._kernel.initialize(whole, scope)
            if said is not None:
                stream.client = Client(revision, whole["params"]["clientInfo"], whole["params"]["capabilities"])
            return reply.message
        client = stream.client
        if client is None and message.method not in _BEFORE_THE_HANDSHAKE:
            error = {"code": INVALID_PARAMS, "message": "Invalid request parameters", "data": ""}
            return {"jsonrpc": "2.0", "id": message.id, "error": error}
        client = client or Client("2024-11-05")
        shows = message.can_stream or (message.tool is not None and self._needs_stream(message.tool))
        quick = None if shows else await self._kernel.quick(whole, client, scope)
        if quick is not None:
            return quick.message
        ask = partial(self._questions.ask, stream.name, stream.tell)
        return (await self._kernel.reply(whole, client, scope, way_back(whole, scope, stream.tell, ask))).message


@dataclass(slots=True, eq=False)
class LegacyCall:
    """One request while it runs."""

    _calls: LegacyCalls
    _stream: LegacyStream
    _message: Envelope
    _caller: Caller
    _scope: anyio.CancelScope | None = None

    def call_off(self) -> None:
        """Ends it without an answer, as this transport has it."""
        if self._scope is not None:
            self._scope.cancel()

    async def run(self) -> None:
        """Answers the request."""
        try:
            with anyio.CancelScope() as self._scope:
                reply = await self._calls.answer(self._stream, self._message, self._caller)
                self._scope = None
                await self._stream.tell(reply, self._end)
        finally:
            self._end()
            self._stream.settle()

    def _end(self) -> None:
        if self._message.id is not None:
            self._calls.end(self._stream, self._message.id, self)


def _scope(stream: LegacyStream, caller: Caller) -> Scope:
    """What handlers see of the request: who sent it. The key came with the stream, not with the message."""
    return {"type": "http", "headers": [], CALLER: caller, "user": stream.user}
