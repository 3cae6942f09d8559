"""One SQLite file per data folder, shared by every API of the sandbox and by several processes at once.

In: plain functions `fn(connection, *args)`. Out: what they return, run in a worker thread inside one transaction that is
committed when they return and undone when they raise. WAL with synchronous FULL: what was acknowledged survives a kill.
Rooms never open a connection, begin or commit by themselves, and never keep a connection after their function returned.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import anyio
from anyio import to_thread

from flintt_mcp.errors import ConfigError

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[sqlite3.Connection, P], T]
Seed = Callable[[sqlite3.Connection], None]

FILE_NAME = "sandbox.db"
BUSY_SECONDS = 10.0
READERS = 8

SEEDS_TABLE = "CREATE TABLE IF NOT EXISTS sandbox_seeds (name TEXT PRIMARY KEY NOT NULL)"
TABLES = {
    "sandbox_seeds": (
        "Which APIs have been given their example rows, so that this happens once.",
        {"name": "Name of the API whose example rows are in."},
    )
}
"""Table -> (what a row is, {column -> what it holds}). Every schema module carries one; a test holds them to the file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: its SQL statements never change once released; a later step is added instead."""

    name: str
    statements: Sequence[str]


class Database:
    """Runs functions in transactions: many readers at a time, one writer per process (SQLite holds one per file)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers: deque[sqlite3.Connection] = deque()
        self._writers: deque[sqlite3.Connection] = deque()
        self._reading = anyio.CapacityLimiter(READERS)
        self._writing = anyio.CapacityLimiter(1)

    async def read(self, fn: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, ...)` on one consistent snapshot; a write inside it is refused by SQLite."""
        return await to_thread.run_sync(self._read, fn, args, kwargs, limiter=self._reading)

    async def write(self, fn: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(connection, ...)` as one durable change: all of it, or nothing when it raises."""
        return await to_thread.run_sync(self._write, fn, args, kwargs, limiter=self._writing)

    def close(self) -> None:
        """Close every idle connection; call it when no read or write is under way."""
        for pool in (self._readers, self._writers):
            while pool:
                pool.pop().close()

    def _read(self, fn: Callable[..., T], args: tuple, kwargs: dict) -> T:
        return _transact(self._readers, self._open_reader, "BEGIN", fn, args, kwargs)

    def _write(self, fn: Callable[..., T], args: tuple, kwargs: dict) -> T:
        return _transact(self._writers, self._open_writer, "BEGIN IMMEDIATE", fn, args, kwargs)

    def _open_reader(self) -> sqlite3.Connection:
        connection = connect(self.path)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _open_writer(self) -> sqlite3.Connection:
        return connect(self.path)


def _transact(
    pool: deque[sqlite3.Connection],
    open_connection: Callable[[], sqlite3.Connection],
    begin: str,
    fn: Callable[..., T],
    args: tuple,
    kwargs: dict,
) -> T:
    try:
        connection = pool.pop()
    except IndexError:
        connection = open_connection()
    try:
        with connection:
            connection.execute(begin)
            return fn(connection, *args, **kwargs)
    finally:
        pool.append(connection)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the settings every room relies on; it may move between threads, one at a time."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def open_database(data_dir: Path, migrations: Sequence[Migration], seeds: Mapping[str, Seed]) -> Database:
    """Make or open the database of a folder: schema up to date, each seed sown once, safely beside other processes.

    Raises:
        ConfigError: a newer version of this program wrote the file.
        OSError, sqlite3.DatabaseError: the file cannot be used.
    """
    path = _make_file(data_dir)
    connection = connect(path)
    try:
        _use_wal(connection)
        _bring_up_to_date(connection, migrations, seeds)
    finally:
        connection.close()
    return Database(path)


def _make_file(data_dir: Path) -> Path:
    """Private from the first moment: SQLite gives its side files the mode of this one."""
    path = data_dir / FILE_NAME
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return path


def _use_wal(connection: sqlite3.Connection) -> None:
    """The switch to WAL needs the file for itself and does not wait its turn, so two newcomers retry here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _bring_up_to_date(
    connection: sqlite3.Connection, migrations: Sequence[Migration], seeds: Mapping[str, Seed]
) -> None:
    """Take the write lock only when something is missing, and look again once it is ours."""
    if _version(connection, migrations) == len(migrations) and not _unsown(connection, seeds):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for migration in migrations[_version(connection, migrations) :]:
            for statement in migration.statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute(SEEDS_TABLE)
        for name in _unsown(connection, seeds):
            seeds[name](connection)
            connection.execute("INSERT INTO sandbox_seeds (name) VALUES (?)", (name,))


def _version(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> int:
    """How many migrations the file has seen."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(migrations):
        raise ConfigError(
            "the data folder was written by a newer version of flintt-mcp",
            advice="Update flintt-mcp, or choose another data folder.",
        )
    return version


def _unsown(connection: sqlite3.Connection, seeds: Mapping[str, Seed]) -> list[str]:
    """The seeds that this file has not been given yet, in their order."""
    sown = {row["name"] for row in connection.execute("SELECT name FROM sandbox_seeds")}
    return [name for name in seeds if name not in sown]
