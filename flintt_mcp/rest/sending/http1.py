"""One HTTP/1.1 connection to an API, and the answers that come over it, one at a time.

In: a whole request as bytes. Out: a complete answer, or a `TransportFault` in words of our own. httptools parses, as it does for
uvicorn; this reads no further than the limit, and says whether another request may follow on the connection.
"""

from __future__ import annotations

import asyncio
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from flintt_mcp.rest.sending.message import AnswerTooLarge, TransportFault

HEAD_LIMIT = 64 * 1024
"""Most bytes before an answer's body, interim answers included."""

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers under lower-case names, and the body as it came."""

_NOT_HTTP = "the answer is not HTTP"


class Connection(asyncio.Protocol):
    """A connection. `idle_until` is for whoever keeps it between two requests."""

    def __init__(self, limit: int) -> None:
        self.idle_until = 0.0
        self._limit = limit
        self._is_spoilt = False
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[Answer] | None = None
        self._head = 0
        self._expect()

    @property
    def may_carry_more(self) -> bool:
        """Whether another request may follow: nothing has ended or spoilt the connection."""
        return not self._is_spoilt and not self._transport.is_closing()

    async def exchange(self, request: bytes, left: float, seconds: float) -> Answer:
        """Send a whole request and wait for its whole answer. A caller who goes away takes the connection along.

        Raises:
            TransportFault: there is no complete answer within what is `left` of an attempt's `seconds`.
        """
        loop = asyncio.get_running_loop()
        self._head = 0
        self._expect()
        answer = self._answer = loop.create_future()
        timer = loop.call_later(left, self._fail, f"no complete answer within {seconds:.3g} s")
        try:
            self._transport.write(request)
            return await answer
        finally:
            timer.cancel()
            if self._answer is not None:
                self._answer = None
                self.abort()

    def abort(self) -> None:
        """End the connection at once."""
        self._is_spoilt = True
        self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.abort()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._fail(_NOT_HTTP)
        if not self._in_body:
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self._fail(_NOT_HTTP)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_spoilt = True
        if self._answer is not None:
            self._ended(exc)
        del self._parser  # it holds this object: without it nothing is left to collect

    def _ended(self, exc: Exception | None) -> None:
        """The connection ended before the parser saw an answer's end."""
        if self._in_body and not self._has_length and exc is None:
            self._done()
        elif self._in_body:
            self._fail("the answer was cut short")
        else:
            self._fail("the connection was reset" if exc else "the connection was closed before the answer")

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._answer is None:
            self._is_spoilt = True  # more than was asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:
            return  # a trailer
        key = name.decode("latin-1").lower()
        text = value.decode("utf-8", "replace")
        headers = self._headers
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        self._in_body = self._parser.get_status_code() >= 200
        self._has_length = "content-length" in self._headers or "transfer-encoding" in self._headers

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= self._limit:
            self._body.append(body)
        else:
            self._fail(AnswerTooLarge(self._parser.get_status_code(), self._limit))

    def on_message_complete(self) -> None:
        if not self._in_body:
            self._expect()  # an interim answer, such as 103
            return
        self._is_spoilt = self._is_spoilt or not self._parser.should_keep_alive()
        self._done()

    # The answer.

    def _expect(self) -> None:
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._in_body = False
        self._has_length = False

    def _done(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result((self._parser.get_status_code(), self._headers, b"".join(self._body)))

    def _fail(self, fault: TransportFault | str) -> None:
        answer, self._answer = self._answer, None
        self.abort()
        if answer is not None and not answer.done():
            answer.set_exception(TransportFault(fault, sent=True) if isinstance(fault, str) else fault)
