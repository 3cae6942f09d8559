"""A request as the log tells it: its id goes out with the answer, and its end is told.

In: a request that passed the gate, and the web server's `send`. Out: the same answer with X-Request-Id, and one line of the log.
A path or a method that is none of ours is told as `other`: whoever made it up may have put a key into it.
"""

from __future__ import annotations

from starlette.types import Message, Scope, Send

from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.lines import tell_request
from flintt_mcp.calls.trace import Trace

REQUEST_ID = "x-request-id"
_ACCEPTED = 202
"""Says only that a message was taken: what comes of it is told when it ends."""
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
_PATHS = frozenset({"/", "/mcp", "/sse", "/messages"})


class Watched:
    """One request and the status of its answer."""

    __slots__ = ("_caller", "_send", "_status", "_trace")

    def __init__(self, caller: Caller, trace: Trace, send: Send) -> None:
        self._caller = caller
        self._trace = trace
        self._send = send
        self._status = 0

    async def send(self, message: Message) -> None:
        """One part of the answer, on its way out."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            named = (REQUEST_ID.encode(), self._trace.id.encode())
            message = {**message, "headers": [*message.get("headers", ()), named]}
        await self._send(message)

    def ended(self, scope: Scope, path: str) -> None:
        """The request is over; `path` is the one inside this app."""
        if self._status != _ACCEPTED:
            method, path = scope["method"], path.rstrip("/") or "/"
            tell_request(
                self._caller,
                self._trace,
                method if method in _METHODS else "other",
                path if path in _PATHS else "other",
                self._status,
            )
