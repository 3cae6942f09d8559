"""Request bodies: bounded in size, in time and in what all of them hold together, and the one JSON-RPC message in them.

In: the exchange of a POST. Out: its message, or None when the request has been answered already or the client has left. One loop
looks after all bodies that are being waited for. Large ones share a budget, which anybody can use up; small ones need none of it.
"""

from __future__ import annotations

import time

import anyio
from starlette.responses import Response

from flintt_mcp.transports.envelope import Envelope, Malformed, read_envelope
from flintt_mcp.transports.http.exchanges.exchange import Exchange
from flintt_mcp.transports.http.exchanges.json_responses import CLOSE, rpc_error
from flintt_mcp.transports.http.exchanges.options import HttpOptions

SMALL = 64 * 1024
"""Bytes of each body that count against no budget: that is how much the web server holds for a connection anyway."""


class Bodies:
    """Reads the bodies of all requests of one server."""

    def __init__(self, options: HttpOptions) -> None:
        self._most = options.max_body_bytes
        self._budget = max(options.max_reading_bytes, options.max_body_bytes)
        self._held = 0
        self._timeout = options.body_timeout
        self._awaited: dict[Exchange, float] = {}

    async def message(self, exchange: Exchange) -> Envelope | None:
        """The message of a POST. None when the request has been refused, or its client has left."""
        other_kind = _other_kind(exchange)
        if other_kind is not None:
            await exchange.answer(other_kind)
            return None
        body = await self._in_time(exchange)
        if body is None:
            return None
        if isinstance(body, Response):
            await exchange.answer(body)
            return None
        message = read_envelope(body)
        if isinstance(message, Malformed):
            await exchange.answer(rpc_error(400, message.message, code=message.code, id=message.id))
            return None
        exchange.id = message.id
        return message

    async def _in_time(self, exchange: Exchange) -> bytes | Response | None:
        """The whole body; the request is cut when that takes too long."""
        self._awaited[exchange] = time.monotonic() + self._timeout
        try:
            return await self._read(exchange)
        finally:
            del self._awaited[exchange]

    async def _read(self, exchange: Exchange) -> bytes | Response | None:
        """At most as many bytes as are allowed; a longer body is refused as soon as its length is known."""
        declared = exchange.found.get(b"content-length", b"")
        if declared.isdigit() and (len(declared) > 15 or int(declared) > self._most):
            return self._too_large()
        read, share = bytearray(), 0
        try:
            while True:
                message = await exchange.receive()
                if message["type"] != "http.request":
                    return None
                read += message.get("body", b"")
                if len(read) > self._most:
                    return self._too_large()
                self._held += max(0, len(read) - SMALL) - share
                share = max(0, len(read) - SMALL)
                if self._held > self._budget:
                    return self._too_busy()
                if not message.get("more_body", False):
                    return bytes(read)
        finally:
            self._held -= share

    def _too_busy(self) -> Response:
        sentence = "This server is reading too many large requests at once; nothing was done. Try again in a moment"
        return rpc_error(503, sentence, headers={"retry-after": "10", **CLOSE})

    def _too_large(self) -> Response:
        return rpc_error(413, f"The request body is larger than {self._most} bytes", headers=CLOSE)

    async def cut_late(self) -> None:
        """Looks after all awaited bodies at once: a timer for each would cost more than the rest of a request here."""
        while True:
            await anyio.sleep(self._timeout / 10)
            now = time.monotonic()
            for exchange in [late for late, deadline in self._awaited.items() if deadline <= now]:
                exchange.body_is_late = True
                exchange.cut()


def _other_kind(exchange: Exchange) -> Response | None:
    """The refusal of a body that is not exactly JSON as it stands. Any other type could come from a web form of another site."""
    if exchange.found.get(b"content-type", b"").split(b";", 1)[0].strip().lower() != b"application/json":
        return rpc_error(415, "The Content-Type must be application/json")
    if exchange.found.get(b"content-encoding", b"identity").lower() != b"identity":
        sentence = "The body must not be compressed: leave the header Content-Encoding out"
        return rpc_error(415, sentence, headers={"accept-encoding": "identity"})
    return None
