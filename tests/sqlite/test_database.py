"""A file of ours: made when it is first used, private, one transaction a function, shared by threads and processes at once."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from flintt_mcp.sqlite import Busy, Database, Migration, NewerFile, opening

pytestmark = pytest.mark.anyio

NOTES = Migration("notes", ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",))
AUTHORS = Migration("who wrote them", ("ALTER TABLE notes ADD COLUMN author TEXT",))
WRITE_TEN = """
import anyio, pathlib, sys
from flintt_mcp.sqlite import Database, Migration

STEPS = [Migration("notes", ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",))]

async def main():
    database = Database(pathlib.Path(sys.argv[1]), STEPS)
    for _ in range(10):
        await database.write(lambda connection: connection.execute("INSERT INTO notes (text) VALUES ('from afar')"))
    database.close()

anyio.run(main)
"""


def add(connection: sqlite3.Connection, text: str) -> None:
    connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))


def texts(connection: sqlite3.Connection) -> list[str]:
    return [row["text"] for row in connection.execute("SELECT text FROM notes ORDER BY id")]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "deep" / "notes.db", [NOTES])
    yield opened
    opened.close()


async def test_the_file_is_made_by_whoever_uses_it_first_and_is_private_with_its_side_files(database):
    assert not database.path.parent.exists()

    await database.write(add, "first")

    assert stat.S_IMODE(database.path.parent.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in database.path.parent.iterdir()} == dict.fromkeys(
        ("notes.db", "notes.db-shm", "notes.db-wal"), 0o600
    )


async def test_what_was_written_in_either_way_is_read_and_stays_after_a_close(database):
    await database.write(add, "kept")
    await database.write_relaxed(add, "counted")
    database.close()

    assert await database.read(texts) == ["kept", "counted"]


async def test_a_function_that_raises_leaves_nothing_behind(database):
    def half(connection: sqlite3.Connection) -> None:
        add(connection, "half")
        raise LookupError

    for write in (database.write, database.write_relaxed):
        with pytest.raises(LookupError):
            await write(half)
    assert await database.read(texts) == []


async def test_a_read_cannot_write(database):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(add, "sly")
    assert await database.read(texts) == []


async def test_a_read_sees_one_moment_whatever_is_written_meanwhile(database):
    await database.write(add, "before")

    def twice(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
        first = texts(connection)
        anyio.from_thread.run(database.write, add, "meanwhile")
        return first, texts(connection)

    assert await database.read(twice) == (["before"], ["before"])
    assert await database.read(texts) == ["before", "meanwhile"]


@pytest.fixture
async def held(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[sqlite3.Connection]:
    """The file while another process writes, and nobody waits long for it."""
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    await database.open()
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


async def test_whoever_waited_in_vain_for_the_file_is_told_why(database, held):
    for write in (database.write, database.write_relaxed):
        with pytest.raises(Busy, match="another process holds the database"):
            await write(add, "late")
    held.rollback()

    await database.write(add, "in time")
    assert await database.read(texts) == ["in time"]


async def test_a_note_is_left_out_while_anybody_writes_and_holds_up_nobody(database, held):
    assert await database.note(add, "left out") is False
    held.rollback()

    assert await database.note(add, "made") is True
    assert await database.read(texts) == ["made"]


async def test_only_a_relaxed_write_does_without_the_disk(database):
    def settings(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    full, normal = 2, 1
    assert await database.read(settings) == ["wal", full, 1, 10_000]
    assert await database.write(settings) == ["wal", full, 1, 10_000]
    assert await database.write_relaxed(settings) == ["wal", normal, 1, 10_000]


async def test_processes_that_come_together_make_the_file_once_and_lose_nothing(tmp_path):
    path = tmp_path / "shared" / "notes.db"
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(anyio.run_process, [sys.executable, "-W", "error", "-c", WRITE_TEN, str(path)])

    database = Database(path, [NOTES])
    assert await database.read(texts) == ["from afar"] * 30
    database.close()


async def test_a_later_step_is_taken_once_and_keeps_the_rows(database):
    await database.write(add, "old")
    database.close()
    for _ in range(2):
        later = Database(database.path, [NOTES, AUTHORS])
        rows = await later.read(lambda connection: connection.execute("SELECT * FROM notes").fetchall())
        later.close()
        assert [dict(row) for row in rows] == [{"id": 1, "text": "old", "author": None}]


async def test_a_step_that_fails_leaves_the_file_as_it_was(database):
    await database.write(add, "old")
    database.close()
    broken = Migration("half a step", ("DROP TABLE notes", "CREATE TABLE"))
    later = Database(database.path, [NOTES, AUTHORS, broken])

    with pytest.raises(sqlite3.OperationalError, match="incomplete"):
        await later.open()
    assert await database.read(texts) == ["old"]


async def test_a_file_of_a_newer_version_is_left_alone(database):
    await database.open()
    database.close()
    older = Database(database.path, [])

    with pytest.raises(NewerFile):
        await older.open()
    assert await database.read(texts) == []


async def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    path = tmp_path / "notes.db"
    path.write_bytes(b"no database at all, but a text that is long enough to be looked at" * 100)
    content = path.read_bytes()

    with pytest.raises(sqlite3.DatabaseError):
        await Database(path, [NOTES]).open()
    assert path.read_bytes() == content
