"""One at a time among processes, and among the tasks of one: an advisory lock on a file.

In: a path. Out: the lock while the context is open. The operating system gives it back when its holder dies, however it dies, so
it never has to expire; on a network drive it holds as well as that drive's own locks do. The file stays when the lock is free.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import anyio

from flintt_mcp.state.private_file import private_folder

_LOOK_AGAIN = 0.05


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock of `path`, made when it is missing (mode 600) in a folder that is there.

    Raises:
        BlockingIOError: somebody else holds it.
        OSError: the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def hold_in_turn(path: Path, wait: float) -> AsyncIterator[None]:
    """Hold the lock of `path` once those who hold it before are done. Its folder is made when it is missing (mode 700).

    Raises:
        TimeoutError: somebody else held it for `wait` seconds.
        OSError: the file cannot be made.
    """
    private_folder(path.parent)
    with ExitStack() as held:
        with anyio.fail_after(wait):
            while not _is_mine(path, held):  # noqa: ASYNC110 (nothing tells when another process is done)
                await anyio.sleep(_LOOK_AGAIN)
        yield


def _is_mine(path: Path, held: ExitStack) -> bool:
    try:
        held.enter_context(hold(path))
    except BlockingIOError:
        return False
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from None

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
