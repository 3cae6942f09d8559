"""A client over real pipes in this process, whose server is looked at while it works."""

from __future__ import annotations

import array
import fcntl
import json
import os
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel

from flintt_mcp.errors import FlinttError
from flintt_mcp.transports.stdio.conversation import Conversation
from flintt_mcp.transports.stdio.service import Opened, Service
from flintt_mcp.transports.stdio.talk import Talk
from flintt_mcp.transports.stdio.wire import Lines, Wire
from tests.transports.stdio.spoken import service_of


class Client:
    """The client's end of two pipes, and a talk at the other end. `room` is how many bytes wait for this client to read them."""

    def __init__(self, service: Service, room: int) -> None:
        self._theirs, self._ours = os.pipe()
        self._read, self._write = os.pipe()
        fcntl.fcntl(self._write, fcntl.F_SETPIPE_SZ, room)
        self.conversation = Conversation(service.early, service.modern)
        self._talk = Talk(Wire(self._theirs, self._write), Lines(1 << 22), self.conversation, service)
        self._unread = b""
        self.failure: FlinttError | None = None

    async def serve(self, grace: float = 20) -> None:
        try:
            await self._talk.run([], at_end=False, grace=grace)
        except FlinttError as error:
            self.failure = error
        finally:
            os.close(self._write)

    async def send(self, *frames: Any) -> None:
        """Send, and wait until all of it was taken."""
        self.put(*frames)
        while self.waiting():
            await anyio.lowlevel.checkpoint()

    def put(self, *frames: Any) -> None:
        """Send."""
        for frame in frames:
            os.write(self._ours, json.dumps(frame).encode() + b"\n")

    def waiting(self) -> int:
        """Bytes that the server has not taken."""
        found = array.array("i", [0])
        fcntl.ioctl(self._theirs, termios.FIONREAD, found)
        return found[0]

    async def receive(self) -> dict[str, Any]:
        while b"\n" not in self._unread:
            await anyio.wait_readable(self._read)
            self._unread += os.read(self._read, 65536)
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    async def rest(self) -> list[dict[str, Any]]:
        """Everything that comes until the server is done."""
        while True:
            await anyio.wait_readable(self._read)
            chunk = os.read(self._read, 65536)
            if not chunk:
                return [json.loads(line) for line in self._unread.splitlines()]
            self._unread += chunk

    def leave(self) -> None:
        os.close(self._ours)

    def close(self) -> None:
        for descriptor in (self._theirs, self._read):
            os.close(descriptor)


@asynccontextmanager
async def served(
    opened: Opened, gate: Callable[[], Any] | None = None, *, room: int = 1 << 20, **how: Any
) -> AsyncIterator[Client]:
    client = Client(service_of(opened, gate), room)
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(partial(client.serve, **how))
            yield client
    client.close()
