"""Calls a second over the legacy SSE transport, beside the floor: sixteen streams, on each one call after the other.

Out: `Piped`, as for stdio. Each stream has a connection for its events and one for its posts, and every request a fresh id.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable

from bench import cases, payload, wire
from bench.contenders import FLOOR, OURS, Fleet
from bench.load import Driver
from bench.piped import CONCURRENCY, Piped, floor_rate
from bench.process import StartFailed

_ENDPOINT = re.compile(rb"event: endpoint\r?\ndata: (\S+)")
_END = b"\r\n\r\n"
_MARKER = payload.MARKER.encode()
_STALL = 20.0


def measure(fleet: Fleet, driver: Driver, rounds: int, seconds: float, progress: Callable[[str], None]) -> Piped:
    """Both in turn."""
    found = Piped()
    try:
        floor, product = fleet.server(FLOOR, stateful=False), fleet.server(OURS, stateful=False)
        for number in range(rounds):
            found.floor.append(floor_rate(driver, floor, seconds))
            found.product.append(asyncio.run(_rate(product.port, seconds)))
            progress(f"legacy SSE: round {number + 1}/{rounds}")
    except (StartFailed, OSError, EOFError, TimeoutError, ValueError) as error:
        found.fault = f"{type(error).__name__}: {error}"
    return found


async def _rate(port: int, seconds: float) -> float:
    streams = [await _Stream.open(port) for _ in range(CONCURRENCY)]
    try:
        started = time.perf_counter()
        counts = await asyncio.gather(*(stream.calls_until(started + seconds) for stream in streams))
        return sum(counts) / (time.perf_counter() - started)
    finally:
        for stream in streams:
            stream.close()


class _Stream:
    """One client of the transport."""

    def __init__(self, port: int, posts: asyncio.StreamWriter, events: asyncio.StreamReader) -> None:
        self._port, self._posts, self._events = port, posts, events
        self._others: list[asyncio.StreamWriter] = []
        self._path = ""
        self._drain: asyncio.Task[None]

    @classmethod
    async def open(cls, port: int) -> _Stream:
        """A stream after its handshake."""
        events, get = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        head = f"GET /sse HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\nX-API-Key: {payload.API_KEY}\r\n\r\n"
        get.write(head.encode())
        answers, posts = await asyncio.open_connection("127.0.0.1", port)
        stream = cls(port, posts, events)
        stream._others = [get]
        told = await stream._until(_ENDPOINT)
        stream._path = told[1].decode()
        stream._drain = asyncio.create_task(_read_on(answers))
        stream._post(wire.INITIALIZE)
        await stream._until(re.compile(rb"serverInfo"))
        stream._post(wire.INITIALIZED)
        return stream

    async def calls_until(self, end: float) -> int:
        """How many calls were answered whole until then."""
        count = 0
        while not count or time.perf_counter() < end:
            count += 1
            self._post({"jsonrpc": "2.0", "id": wire.FIRST_ID + count, "method": "tools/call", "params": cases.CALL})
            await self._until(re.compile(rb'"id":%d[\s\S]*%b[\s\S]*%b' % (wire.FIRST_ID + count, _MARKER, _MARKER)))
        return count

    def close(self) -> None:
        self._drain.cancel()
        for writer in (self._posts, *self._others):
            writer.close()

    def _post(self, message: object) -> None:
        body = json.dumps(message).encode()
        head = f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
        self._posts.write(head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _until(self, wanted: re.Pattern[bytes]) -> re.Match[bytes]:
        """Reads events until one holds this."""
        read = b""
        while True:
            chunk = await asyncio.wait_for(self._events.read(1 << 16), _STALL)
            if not chunk:
                raise EOFError("the stream ended")
            read += chunk
            found = wanted.search(read)
            if found is not None and read.endswith(_END):
                return found


async def _read_on(answers: asyncio.StreamReader) -> None:
    """Takes the 202s."""
    while await answers.read(1 << 16):
        pass
