"""A loopback HTTP/1.1 server that plays a script of faults, one play per request, and remembers what it saw.

`api.script(reset, ok())` answers the first request with a reset and all later ones with 200. Plain sockets: an HTTP
library would be too polite to send what these plays send.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSListener

Play = Callable[["Connection"], Awaitable[None]]


@dataclass(slots=True)
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(slots=True)
class Connection:
    """One connection, for the plays."""

    stream: ByteStream
    number: int
    open: bool = True
    bytes_sent: int = 0

    async def send(self, data: bytes) -> None:
        await self.stream.send(data)
        self.bytes_sent += len(data)

    async def close(self) -> None:
        self.open = False
        await self.stream.aclose()

    async def reset(self) -> None:
        """Close with RST, as a crashed process or a firewall does."""
        raw = self.stream.extra(SocketAttribute.raw_socket)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self.close()


@dataclass(slots=True)
class FaultServer:
    url: str = ""
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    on_connect: Play | None = None
    abandoned: anyio.Event = field(default_factory=anyio.Event)
    arrived: anyio.Event = field(default_factory=anyio.Event)
    bytes_sent: int = 0
    _plays: list[Play] = field(default_factory=list)

    def script(self, *plays: Play) -> None:
        """Play these in turn; the last one is played for all further requests."""
        self._plays = list(plays)

    def methods(self) -> list[str]:
        return [seen.method for seen in self.requests]

    async def serve(self, stream: ByteStream) -> None:
        self.connections += 1
        connection = Connection(stream, self.connections)
        playing = False
        try:
            if self.on_connect:
                await self.on_connect(connection)
            reader = BufferedByteReceiveStream(stream)
            while connection.open:
                playing = False
                self.requests.append(await _read_request(reader, connection.number))
                self.arrived.set()
                play = self._plays.pop(0) if len(self._plays) > 1 else self._plays[0]
                playing = True
                await play(connection)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.IncompleteRead):
            # Between two requests a client may go; in the middle of a play it gave up on an answer.
            if playing:
                self.abandoned.set()
        finally:
            self.bytes_sent += connection.bytes_sent
            with anyio.CancelScope(shield=True):
                await stream.aclose()


async def _read_request(reader: BufferedByteReceiveStream, connection: int) -> Seen:
    head = (await reader.receive_until(b"\r\n\r\n", 65536)).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert len(headers) == len(lines), "a header came twice"
    body = await reader.receive_exactly(int(headers["content-length"])) if "content-length" in headers else b""
    return Seen(method, target, headers, body, connection)


@asynccontextmanager
async def open_fault_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultServer]:
    server = FaultServer()
    server.script(ok())
    tcp = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = tcp.extra(SocketAttribute.local_port)
    server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    listener = TLSListener(tcp, tls, standard_compatible=False, handshake_timeout=2) if tls else tcp
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.serve)
        yield server
        tasks.cancel_scope.cancel()


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- the plays


def answer(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Play:
    """A plain answer; underscores in header names stand for dashes."""

    async def play(connection: Connection) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body) if length is None else length}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await connection.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        if length is not None:
            await connection.close()

    return play


def ok(body: bytes = b'{"ok":true}', **headers: str) -> Play:
    return answer(200, body, None, content_type="application/json", **headers)


def raw(data: bytes) -> Play:
    async def play(connection: Connection) -> None:
        await connection.send(data)
        await connection.close()

    return play


async def reset(connection: Connection) -> None:
    await connection.reset()


async def close(connection: Connection) -> None:
    await connection.close()


async def hang(connection: Connection) -> None:
    """Never answer; ends when the client goes away."""
    await connection.stream.receive()


async def drip(connection: Connection) -> None:
    """Promise a body and stop in the middle; ends when the client goes away."""
    await connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc")
    await connection.stream.receive()


def flood(count: int) -> Play:
    """A body of `count` bytes, as fast as the client takes it."""

    async def play(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % count)
        for _ in range(count // 65536):
            await connection.send(b"x" * 65536)

    return play


def ok_then_close() -> Play:
    """Answer on a connection that looks kept alive and close it at once."""

    async def play(connection: Connection) -> None:
        await ok()(connection)
        await connection.close()

    return play
