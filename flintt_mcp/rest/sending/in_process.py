"""A sender that needs no socket: it calls an ASGI app directly.

In: an `UpstreamRequest`. Out: the app's `UpstreamResponse`, its crash as a 500. The app runs in the caller's task, so a
cancelled call cancels it. No lifespan is run here: whoever owns the app opens what it needs.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio

from flintt_mcp.rest.sending.message import Sender, TransportFault, UpstreamRequest, UpstreamResponse

Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

_log = logging.getLogger(__name__)
_CRASHED = UpstreamResponse(500, {"content-type": "text/plain; charset=utf-8"}, b"Internal Server Error")


def asgi_sender(app: AsgiApp) -> Sender:
    """Make a `Sender` of an ASGI app; the app sees the request's exact path, query and headers."""

    async def send(request: UpstreamRequest) -> UpstreamResponse:
        asked = _AsgiCall(request.body or b"")
        try:
            await app(_scope(request), asked.receive, asked.send)
        except Exception:
            _log.exception("the in-process API failed on %s", request.operation)
        return asked.answer()

    return send


class _AsgiCall:
    """One request and its answer, seen from the app: `receive` and `send` of the ASGI protocol."""

    __slots__ = ("_body", "_chunks", "_done", "_finished", "_headers", "_status")

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._chunks: list[bytes] = []
        self._done: anyio.Event | None = None
        self._finished = False
        self._headers: dict[str, str] = {}
        self._status = 0

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        # A caller that waits for its answer is connected: an app that listens for a disconnect must not see one yet.
        if not self._finished:
            self._done = self._done or anyio.Event()
            await self._done.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            for raw_name, raw_value in message.get("headers", ()):
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
                self._headers[name] = f"{self._headers[name]}, {value}" if name in self._headers else value
        elif message["type"] == "http.response.body":
            self._chunks.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self._finished = True
                if self._done:
                    self._done.set()

    def answer(self) -> UpstreamResponse:
        if self._finished:
            return UpstreamResponse(self._status, self._headers, b"".join(self._chunks))
        if not self._status:
            return _CRASHED
        # Over a socket, too, the head would be out and the connection would close on half a body.
        raise TransportFault("the answer was cut short", sent=True)


def _scope(request: UpstreamRequest) -> dict[str, Any]:
    parts = urlsplit(request.url)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    headers.append((b"host", parts.netloc.rpartition("@")[2].encode("latin-1")))
    if request.body is not None:
        headers.append((b"content-length", b"%d" % len(request.body)))
    path = parts.path or "/"
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": parts.query.encode("ascii"),
        "root_path": "",
        "headers": headers,
        "server": (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)),
        "client": ("127.0.0.1", 0),
        "state": {},
    }
