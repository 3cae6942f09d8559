"""The bus between the worker processes of one machine: a Unix socket each, in a folder that is theirs alone.

In: a private folder that all workers share. Out: a `Bus`. Each message has a connection of its own, which the answer ends, so
nothing is left of a worker that is killed but a socket that refuses. Whoever may write into the folder is trusted.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import Listener, SocketStream

from flintt_mcp.transports.bus.bus import Serve

logger = logging.getLogger(__name__)

SECONDS = 5.0
"""How long a worker may take to answer; one that is too busy for that counts as not there."""
_ENDING = ".bus"
_NAME = re.compile(r"[0-9a-f]{8}")
_CHUNK = 256 * 1024


class Neighbours:
    """This worker on the bus of its folder."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(4)
        self._folder = folder
        self._descriptor = -1
        self._served: dict[str, Serve] = {}
        self._listener: Listener[SocketStream] | None = None

    def serve(self, topic: str, serve: Serve) -> None:
        self._served[topic] = serve

    def reaches(self, name: str) -> bool:
        # Names come out of URLs, too.
        return _NAME.fullmatch(name) is not None and name != self.name and self._path(name).exists()

    async def tell(self, topic: str, message: Any) -> None:
        others = [path.stem for path in self._folder.glob(f"*{_ENDING}") if path.stem != self.name]
        async with anyio.create_task_group() as group:
            for name in others:
                group.start_soon(self.ask, name, topic, message)

    async def ask(self, name: str, topic: str, message: Any) -> Any:
        if not self.reaches(name):
            return None
        with anyio.move_on_after(SECONDS):
            try:
                async with await anyio.connect_unix(self._address(name)) as stream:
                    await stream.send(msgspec.msgpack.encode((topic, message)))
                    await stream.send_eof()
                    return msgspec.msgpack.decode(await _whole(stream))
            except ConnectionRefusedError:
                self._path(name).unlink(missing_ok=True)  # a worker that was killed left it
            except (OSError, anyio.EndOfStream, anyio.BrokenResourceError, msgspec.MsgspecError):
                logger.debug("A worker could not be reached, or ended before it answered")
        return None

    async def begin(self) -> None:
        """From now on others can reach this worker; `serving` answers them.

        Raises:
            OSError: the socket cannot be made.
        """
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("this system has none")
        self._descriptor = os.open(self._folder, os.O_RDONLY)
        self._listener = await anyio.create_unix_listener(self._address(self.name), mode=0o600)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Takes messages of others while entered; call `begin` before."""
        assert self._listener is not None
        async with self._listener, anyio.create_task_group() as group:
            group.start_soon(self._listener.serve, self._take)
            try:
                yield
            finally:
                group.cancel_scope.cancel()
                self._path(self.name).unlink(missing_ok=True)
                os.close(self._descriptor)

    async def _take(self, stream: SocketStream) -> None:
        """Answers one message of another worker."""
        async with stream:
            with anyio.move_on_after(SECONDS):
                try:
                    topic, message = msgspec.msgpack.decode(await _whole(stream), type=tuple[str, Any])
                    served = self._served.get(topic)
                    answer = None if served is None else await served(message)
                    await stream.send(msgspec.msgpack.encode(answer))
                except (OSError, anyio.BrokenResourceError):
                    logger.debug("A worker ended before it was answered")
                except Exception:
                    logger.exception("A message of another worker could not be taken")

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_ENDING}"

    def _address(self, name: str) -> Path:
        """Where the socket is reached: on Linux by way of the open folder, since an address has room for 107 bytes alone."""
        by_descriptor = Path(f"/proc/self/fd/{self._descriptor}")
        return by_descriptor / f"{name}{_ENDING}" if by_descriptor.exists() else self._path(name)


async def _whole(stream: SocketStream) -> bytes:
    """Everything up to the end of the stream."""
    parts = []
    with suppress(anyio.EndOfStream):
        while True:
            parts.append(await stream.receive(_CHUNK))
    return b"".join(parts)
