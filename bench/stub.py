"""The stub upstream: a process that answers the API's list endpoints from memory, as cheaply as Python can.

In: HTTP/1.1 with keep-alive on a free loopback port. Out: the same bytes for the same path, whatever the query. A request
without the bench's key gets 401, so that a contender that loses the caller's credential shows as an error. It must never be
the bottleneck: no framework, one `bytes` search per request. POST /mcp answers the driver itself, for the ceiling.
"""

from __future__ import annotations

import asyncio
import re
from typing import cast

import uvloop

from bench import payload, wire
from bench.process import announce

_KEY_LINE = b"x-api-key: " + payload.API_KEY.encode()
_LENGTH = re.compile(rb"content-length: *(\d+)")


def answer(status: str, body: bytes) -> bytes:
    """A complete HTTP/1.1 answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_ANSWERS = {path.encode(): answer("200 OK", body) for path, body in payload.LISTS.items()}
_NOT_FOUND = answer("404 Not Found", payload.encode({"detail": "Not found"}))
_UNAUTHORIZED = answer("401 Unauthorized", payload.encode({"detail": "Invalid API key"}))


def reply(head: bytes, body: bytes = b"") -> bytes:
    """The answer to a request with this head (request line and headers, any case) and body."""
    lowered = head.lower()
    if _KEY_LINE not in lowered:
        return _UNAUTHORIZED
    method, _, rest = lowered.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method == b"get":
        return _ANSWERS.get(path, _NOT_FOUND)
    if path == wire.PATH.encode():
        return _echo(body)
    return _NOT_FOUND


def _echo(body: bytes) -> bytes:
    """For the driver's own ceiling: the list under the id of the request, without reading the request any further."""
    number = body[len(wire.BEFORE_ID) : len(wire.BEFORE_ID) + wire.ID_DIGITS]
    return answer("200 OK", b'{"id":%b,"result":%b}' % (number, payload.LISTS["/v1/companies"]))


class Stub(asyncio.Protocol):
    """One connection of a client; requests are answered in the order they arrive."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # TCP's can be written to

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head.lower()) if head[:4] != b"GET " else None
            after = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < after:
                return
            body, self._buffer = self._buffer[end + 4 : after], self._buffer[after:]
            self._transport.write(reply(head, body))


async def main() -> None:
    """Serves until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0, backlog=512)
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
