"""A step of a schema loses no row: nothing goes by cascade, nothing refers to nothing, and the file is copied first."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from flintt_mcp.sqlite import Database, Migration

pytestmark = pytest.mark.anyio

FIRST = Migration(
    "runs and their results",
    (
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, status TEXT NOT NULL CHECK (status IN ('pending', 'ended')))",
        "CREATE TABLE results (run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, text TEXT NOT NULL)",
        "INSERT INTO runs VALUES (1, 'ended'), (2, 'ended')",
        "INSERT INTO results VALUES (1, 'a'), (1, 'b'), (2, 'c')",
    ),
)
WIDER = (
    "CREATE TABLE {} (id INTEGER PRIMARY KEY, status TEXT NOT NULL CHECK (status IN ('pending', 'ended', 'cancelled')))"
)
REBUILT = Migration(
    "a run may be cancelled",
    (
        WIDER.format("new_runs"),
        "INSERT INTO new_runs SELECT * FROM runs",
        "DROP TABLE runs",
        "ALTER TABLE new_runs RENAME TO runs",
    ),
)
THE_OTHER_WAY_ROUND = Migration(
    "a run may be cancelled",
    (
        "ALTER TABLE runs RENAME TO old_runs",
        WIDER.format("runs"),
        "INSERT INTO runs SELECT * FROM old_runs",
        "DROP TABLE old_runs",
    ),
)
FORGETFUL = Migration("only the newest run", ("DELETE FROM runs WHERE id = 1",))
RESULTS = ["a", "b", "c"]
MIGRATE = """
import anyio, pathlib, sys
from flintt_mcp.sqlite import Database, Migration
from tests.sqlite.test_migrations import FIRST, REBUILT

async def main():
    database = Database(pathlib.Path(sys.argv[1]), [FIRST, REBUILT])
    await database.open()
    database.close()

anyio.run(main)
"""


def results(connection: sqlite3.Connection) -> list[str]:
    return [row["text"] for row in connection.execute("SELECT text FROM results ORDER BY text")]


def stored(path: Path) -> list[str]:
    """The results in a file, read without this project."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM results ORDER BY text")]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A file that has seen the first step."""
    database = Database(tmp_path / "runs.db", [FIRST])
    await database.open()
    database.close()
    return database.path


@pytest.fixture
def later(file: Path) -> Iterator[Callable[..., Database]]:
    """The file as a later version opens it."""
    opened: list[Database] = []

    def open_later(*steps: Migration) -> Database:
        opened.append(Database(file, [FIRST, *steps]))
        return opened[-1]

    yield open_later
    for database in opened:
        database.close()


async def test_a_table_that_is_made_anew_keeps_what_refers_to_it(later):
    database = later(REBUILT)

    assert await database.read(results) == RESULTS
    await database.write(lambda connection: connection.execute("UPDATE runs SET status = 'cancelled' WHERE id = 2"))
    await database.write(lambda connection: connection.execute("DELETE FROM runs WHERE id = 1"))
    assert await database.read(results) == ["c"]


@pytest.mark.parametrize("step", [THE_OTHER_WAY_ROUND, FORGETFUL])
async def test_a_step_after_which_rows_refer_to_nothing_is_refused_and_the_file_is_as_it_was(later, file, step):
    with pytest.raises(sqlite3.IntegrityError, match="rows of results would refer to nothing"):
        await later(step).open()

    former = Database(file, [FIRST])
    assert await former.read(results) == RESULTS
    former.close()


async def test_a_step_may_be_a_function(later):
    def shout(connection: sqlite3.Connection) -> None:
        for row in connection.execute("SELECT rowid, text FROM results").fetchall():
            connection.execute("UPDATE results SET text = ? WHERE rowid = ?", (row["text"].upper(), row["rowid"]))

    assert await later(Migration("louder", (shout,))).read(results) == ["A", "B", "C"]


async def test_a_function_that_ends_the_transaction_is_refused_by_name(later):
    def script(connection: sqlite3.Connection) -> None:
        connection.executescript("UPDATE results SET text = 'gone'")

    with pytest.raises(sqlite3.ProgrammingError, match="the step 'a script' ended the transaction"):
        await later(Migration("a script", (script,))).open()


async def test_the_file_is_copied_before_a_step_and_the_copy_is_private(later, file):
    database = later(Migration("only what matters", ("DELETE FROM results WHERE text != 'a'",)))

    assert await database.read(results) == ["a"]
    copy = file.with_name("runs.db.v1")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stored(copy) == RESULTS


async def test_the_copy_takes_the_place_of_the_file_when_somebody_goes_back(later, file):
    newer = later(REBUILT)
    await newer.open()
    newer.close()
    file.with_name("runs.db.v1").replace(file)

    former = Database(file, [FIRST])
    assert await former.read(results) == RESULTS
    former.close()


async def test_only_the_latest_copy_is_kept(later, file):
    for steps in ((REBUILT,), (REBUILT, Migration("more", ("CREATE TABLE more (id)",)))):
        database = later(*steps)
        await database.open()
        database.close()

    assert names(file.parent) == ["runs.db", "runs.db.v2"]


async def test_the_copy_of_a_step_that_was_refused_is_not_mistaken_for_a_later_one(later, file):
    with pytest.raises(sqlite3.IntegrityError):
        await later(FORGETFUL).open()
    database = later(REBUILT)
    await database.open()
    database.close()

    assert names(file.parent) == ["runs.db", "runs.db.v1"]
    assert stored(file.with_name("runs.db.v1")) == RESULTS


async def test_a_new_file_has_nothing_to_copy(file):
    assert names(file.parent) == ["runs.db"]


async def test_no_step_is_taken_where_no_copy_can_be_made(later, file):
    file.with_name("runs.db.v1").mkdir()

    with pytest.raises(OSError, match=r"runs\.db\.v1"):
        await later(REBUILT).open()
    assert (names(file.parent), stored(file)) == (["runs.db", "runs.db.v1"], RESULTS)


async def test_of_processes_that_come_together_one_takes_the_step(file):
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(anyio.run_process, [sys.executable, "-W", "error", "-c", MIGRATE, str(file)])

    assert (names(file.parent), stored(file)) == (["runs.db", "runs.db.v1"], RESULTS)
    assert stored(file.with_name("runs.db.v1")) == RESULTS
