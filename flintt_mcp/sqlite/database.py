"""A SQLite file as its users see it: plain functions go in, what they return comes out.

In: `fn(connection, *args)`. Out: its result, from a worker thread, inside one transaction that is committed when it returns and
undone when it raises. Users never open a connection, begin or commit by themselves, and keep no connection after their function
has returned. What was acknowledged survives a kill, and a power cut unless it was written `relaxed`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from flintt_mcp.sqlite.causes import named
from flintt_mcp.sqlite.migrations import Migration, bring_up_to_date
from flintt_mcp.sqlite.opening import connect, make_private, use_wal

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[sqlite3.Connection, P], T]

READERS = 8


class Database:
    """One file: many readers at a time, one writer per process (SQLite holds one per file).

    It is made, or opened and brought up to date, by `open` or by whoever uses it first.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration]) -> None:
        self.path = path
        self._migrations = migrations
        self._opening = threading.Lock()
        self._is_open = False
        self._readers = _Connections(path, "BEGIN", "query_only = ON")
        self._writers = _Connections(path, "BEGIN IMMEDIATE")
        self._relaxed = _Connections(path, "BEGIN IMMEDIATE", "synchronous = NORMAL")
        self._hasty = _Connections(path, "BEGIN IMMEDIATE", "synchronous = NORMAL", "busy_timeout = 0")
        self._reading = CapacityLimiter(READERS)
        self._writing = CapacityLimiter(1)
        self._noting = CapacityLimiter(1)

    async def open(self) -> None:
        """Make the file where there is none, and bring it up to date, safely beside other processes.

        Raises:
            NewerFile: a newer version of this program wrote it.
            Busy, Full, OSError, other sqlite3.Error: it cannot be used.
        """
        await to_thread.run_sync(self._open, limiter=self._writing)

    async def read(self, fn: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, ...)` on one consistent snapshot; a write inside it is refused by SQLite.

        Raises:
            Busy, other sqlite3.Error: the file cannot be read.
        """
        return await self._run(self._readers, self._reading, fn, args, kwargs)

    async def write(self, fn: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, ...)` as one durable change: all of it, or nothing when it raises.

        Raises:
            Busy, Full: it was not made. Other sqlite3.Error: the file cannot be written.
        """
        return await self._run(self._writers, self._writing, fn, args, kwargs)

    async def write_relaxed(self, fn: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `write`, without a wait for the disk: a power cut may undo it, the end of this process does not."""
        return await self._run(self._relaxed, self._writing, fn, args, kwargs)

    async def note(self, fn: Work[P, Any], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Run `fn(connection, ...)` as a change that may as well be left out: not when anybody writes now, nor when it fails.

        Answers whether it was made.
        """
        try:
            await self._run(self._hasty, self._noting, fn, args, kwargs)
        except sqlite3.OperationalError:
            return False
        return True

    def close(self) -> None:
        """Close every connection; call it when nothing is under way. Whoever uses the file again opens it again."""
        for connections in (self._readers, self._writers, self._relaxed, self._hasty):
            connections.close()
        self._is_open = False

    async def _run(
        self,
        connections: _Connections,
        limiter: CapacityLimiter,
        fn: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> T:
        def transact() -> T:
            self._open()
            return connections.transact(fn, args, kwargs)

        return await to_thread.run_sync(transact, limiter=limiter)

    def _open(self) -> None:
        with self._opening:
            if self._is_open:
                return
            make_private(self.path)
            try:
                with closing(connect(self.path)) as connection:
                    use_wal(connection)
                    bring_up_to_date(self.path, connection, self._migrations)
            except sqlite3.OperationalError as error:
                raise named(error) from error
            self._is_open = True


class _Connections:
    """The connections of one kind; each is used by one thread at a time and waits here in between."""

    def __init__(self, path: Path, begin: str, *settings: str) -> None:
        self._path = path
        self._begin = begin
        self._settings = settings
        self._idle: deque[sqlite3.Connection] = deque()

    def transact(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        """Run a function in a transaction.

        Raises:
            Busy, Full: nothing was changed; what the function raises, undone.
        """
        try:
            with self._borrowed() as connection, connection:
                connection.execute(self._begin)
                return fn(connection, *args, **kwargs)
        except sqlite3.OperationalError as error:
            raise named(error) from error

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = connect(self._path, *self._settings)
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
