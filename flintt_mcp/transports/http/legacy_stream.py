"""One open stream of the legacy transport: its caller, what runs on it, and what its client has not read yet.

In: messages that are posted, and answers of the SDK's server. Out: events in the form of the wire, one after the other. A client
that posts and does not read is held up before it costs much: calls count until their answers have gone out.
"""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple, Self

import anyio
import mcp_types as types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.shared.message import SessionMessage
from starlette.responses import Response

from flintt_mcp.calls.caller import Caller
from flintt_mcp.transports.envelope import RequestId
from flintt_mcp.transports.http.json_responses import rpc_error

MAX_IN_FLIGHT = 64
"""Requests of one stream whose answers have not gone out."""
MAX_UNREAD = 1024 * 1024
"""Bytes of answers that wait for the client of one stream; while there are more no request is taken."""


class Event(NamedTuple):
    """One event, and the id of the request that it answers."""

    data: bytes
    answers: RequestId | None = None

    @property
    def part(self) -> dict[str, Any]:
        """The event as a part of an ASGI answer."""
        return {"type": "http.response.body", "body": self.data, "more_body": True}


class LegacyStream:
    """One open stream, and the SDK's way to write on it. It falls asleep for good `idle_timeout` seconds after the last message."""

    def __init__(self, caller: Caller, user: AuthenticatedUser, idle_timeout: float) -> None:
        self.id = secrets.token_hex(16)
        self.caller = caller
        self.user = user
        self.scope = anyio.CancelScope()
        self.ending = False
        self._idle_timeout = idle_timeout
        self._unanswered: set[str] = set()
        self._in_flight = 0
        self._unread = 0
        self.inbox, self.to_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self._outbox, self.events = anyio.create_memory_object_stream[Event](0)
        self.touch()

    def touch(self) -> None:
        """A message passed: the idle time begins again."""
        self.scope.deadline = anyio.current_time() + self._idle_timeout

    def begin(self, id: RequestId) -> Response | None:
        """Takes a request, or gives the answer that refuses it."""
        if str(id) in self._unanswered:
            return rpc_error(409, "A request with this id is still running in this session", id=id)
        if self._in_flight >= MAX_IN_FLIGHT or self._unread > MAX_UNREAD:
            sentence = "Too many answers of this stream have not been read; nothing was done. Read the stream, then send it again"
            return rpc_error(429, sentence, id=id, headers={"retry-after": "1"})
        self._unanswered.add(str(id))
        self._in_flight += 1
        return None

    def answering(self, event: Event) -> None:
        """An event is about to go out: from now on its client may know the answer and use the id again."""
        self._unanswered.discard(str(event.answers))

    def sent(self, event: Event) -> None:
        """An event has gone out."""
        self._unread -= len(event.data)
        self.touch()
        if event.answers is not None:
            self._settle()

    async def unanswered(self, id: RequestId) -> None:
        """The SDK's word for a request that was cancelled: it gets no answer."""
        self._unanswered.discard(str(id))
        self._settle()

    def _settle(self) -> None:
        self._in_flight -= 1
        if self.ending and not self._in_flight:
            self.scope.cancel()

    def end(self) -> None:
        """Ends the stream once nothing runs on it."""
        self.ending = True
        if not self._in_flight:
            self.scope.cancel()

    def close(self) -> None:
        """Closes what the stream stands on."""
        for end in (self.inbox, self.to_server, self._outbox, self.events):
            end.close()

    async def send(self, item: SessionMessage) -> None:
        """One message of the SDK's server."""
        message = item.message
        answers = message.id if isinstance(message, types.JSONRPCResponse | types.JSONRPCError) else None
        event = Event(event_data("message", message.model_dump_json(by_alias=True, exclude_unset=True)), answers)
        self._unread += len(event.data)
        await self._outbox.send(event)

    async def aclose(self) -> None:
        self._outbox.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def event_data(name: str, data: str) -> bytes:
    """An event in the form of the wire."""
    return f"event: {name}\r\ndata: {data}\r\n\r\n".encode()
