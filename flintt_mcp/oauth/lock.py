"""One process at a time: an advisory lock on a file, which the operating system gives back when its holder dies."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

_LOOK_AGAIN = 0.05


@asynccontextmanager
async def file_lock(path: Path, wait: float) -> AsyncIterator[None]:
    """Hold the lock of `path`, made when it is missing (mode 600, folder 700).

    Raises:
        TimeoutError: another process held it for `wait` seconds.
        OSError: the file cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        with anyio.fail_after(wait):
            while not _try(descriptor):  # noqa: ASYNC110 (nothing tells when another process is done)
                await anyio.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
