"""One runner per data folder: a lock on a file, which the operating system lets go of when its process ends, however it ends.

In: the data folder, or one that the workers of a server share. Out: the lock while the context is open, or `Taken`. A lock in the
database would have to expire, and would keep the runs of a killed process waiting; this one never does. Whoever got past it all
the same (a folder on a network drive) is shut out by the runner's number (`ledger.begin_runner`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "runner.lock"


class Taken(Exception):
    """Another process, or another task of this one, is the runner of this data folder."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the only one in here.

    Raises:
        Taken: somebody else is.
    """
    descriptor = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Taken from None
