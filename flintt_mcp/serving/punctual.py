"""uvicorn's HTTP protocol, with a bound on the head of a request in time and in size; an answer goes out in one piece.

In: a connection. Out: the same connection, ended when the head of a request does not arrive in `HEAD_SECONDS` or does not end
within `HEAD_BYTES`. uvicorn itself waits for ever and keeps whatever comes. Bodies have bounds of their own, in the app.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from flintt_mcp.serving.joined import JoinedWrites

HEAD_SECONDS = 10.0
HEAD_BYTES = 64 * 1024


class PunctualProtocol(HttpToolsProtocol):
    """One connection. It looks at itself every `HEAD_SECONDS`: a timer for each request would cost more than the bound."""

    _since: float | None = None
    """When what is being waited for began; None while a request is handled or the keep-alive time runs."""
    _head = 0
    """Bytes of the head so far."""
    _in_body = False
    _timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(JoinedWrites(transport, self.loop))  # type: ignore[arg-type]  # all that uvicorn asks of one
        self._since = self.loop.time()
        self._timer = self.loop.call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._since is None and self.timeout_keep_alive_task is None and self._is_idle():
            # What ended the keep-alive time begins no request: an empty line, or the rest of a body that nobody wanted.
            self._since = self.loop.time()
        if self._since is not None and not self._in_body:
            self._head += len(data)
            if self._head > HEAD_BYTES and self._is_idle():
                self._end(431)

    def on_message_begin(self) -> None:
        self._since, self._head = self.loop.time(), 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._since, self._in_body = None, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        late = self._since is not None and self.loop.time() - self._since >= HEAD_SECONDS
        if late and self._is_idle():
            self._end(408)
        else:
            rest = HEAD_SECONDS if self._since is None or late else self._since + HEAD_SECONDS - self.loop.time()
            self._timer = self.loop.call_later(rest, self._look)

    def _end(self, status: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
