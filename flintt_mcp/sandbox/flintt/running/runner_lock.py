"""One runner per data folder: a lock on a file, which the operating system lets go of when its process ends, however it ends.

In: the data folder, or one that the workers of a server share. Out: the lock while the context is open, or `Taken`. A lock in the
database would have to expire, and would keep the runs of a killed process waiting; this one never does. Whoever got past it all
the same (a folder on a network drive) is shut out by the runner's number (`ledger.begin_runner`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flintt_mcp.state import file_lock

FILE_NAME = "runner.lock"


class Taken(Exception):
    """Another process, or another task of this one, is the runner of this data folder."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the only one in here.

    Raises:
        Taken: somebody else is.
    """
    with ExitStack() as held:
        try:
            held.enter_context(file_lock.hold(folder / FILE_NAME))
        except BlockingIOError:
            raise Taken from None
        yield
