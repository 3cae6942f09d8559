"""Reading from the client and writing to it without holding up the event loop.

In: the wire. Out: chunks of bytes as they come, and lines written whole, one after the other, from many tasks.
"""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress

import anyio
from anyio import to_thread

from flintt_mcp.transports.stdio.wire import CHUNK, Wire, client_gone, write_now

_ROOM = getattr(select, "PIPE_BUF", 512)
"""So many bytes never wait where there is room at all; 512 is the least that POSIX allows."""


async def read(wire: Wire) -> bytes:
    """The next bytes, b"" at the end. Waits in the event loop where it can watch the descriptor, so that a signal gets through."""
    if sys.platform == "win32":
        return await to_thread.run_sync(os.read, wire.read_from, CHUNK, abandon_on_cancel=True)
    try:
        await anyio.wait_readable(wire.read_from)
    except (OSError, ValueError):
        # A regular file cannot be watched, but it is always readable.
        await anyio.lowlevel.checkpoint()
    return os.read(wire.read_from, CHUNK)


class Output:
    """Lines to the client, one after the other, from many tasks.

    A client that does not read holds up whoever writes, and nobody else. The descriptor stays a blocking one (others may share what
    it leads to), so that only as much is written at once as surely has room. Whoever is called off in the middle of a line leaves
    its rest to the next, so that a line that was begun is ended.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._lock = anyio.Lock(fast_acquire=True)
        self._rest = b""
        self._watched: select.poll | None = None
        if sys.platform != "win32":
            self._watched = select.poll()
            self._watched.register(wire.write_to, select.POLLOUT)

    async def write(self, line: bytes) -> None:
        """Write one line.

        Raises:
            ClientGone: it reads no more.
        """
        async with self._lock:
            if self._watched is None:
                await to_thread.run_sync(write_now, self._wire, line)
                return
            left = memoryview(self._rest + line)
            try:
                while left:
                    if not self._watched.poll(0):
                        await self._room()
                    left = left[self._put(left[:_ROOM]) :]
            finally:
                begun = len(left) < len(line)
                self._rest = bytes(left if begun else left[: len(left) - len(line)])

    def _put(self, piece: memoryview) -> int:
        try:
            return os.write(self._wire.write_to, piece)
        except OSError as error:
            raise client_gone(error) from None

    async def _room(self) -> None:
        with suppress(ValueError):
            await anyio.wait_writable(self._wire.write_to)
