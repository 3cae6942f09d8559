"""The data folder: one secret and one database, shared by every API of the sandbox and by several processes at once.

In: a folder, every schema step, and the seed of every API. Out: the database and the digester, with each seed sown once. A new
folder is made private; half a folder is refused rather than mended, because a new secret would recognise no stored key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from anyio import to_thread

from flintt_mcp.errors import ConfigError
from flintt_mcp.sandbox.ground import secret
from flintt_mcp.sandbox.ground.rows import Tables
from flintt_mcp.sandbox.ground.secret import Digester, open_digester
from flintt_mcp.sqlite import Busy, Database, Full, Migration, NewerFile

Seed = Callable[[sqlite3.Connection, Digester], None]
"""Writes the example rows of one API."""
Seeds = Mapping[str, Seed]

FILE_NAME = "sandbox.db"
TABLES: Tables = {
    "sandbox_seeds": (
        "Which APIs have been given their example rows, so that this happens once.",
        {"name": "Name of the API whose example rows are in."},
    )
}
_SEEDS_TABLE = "CREATE TABLE IF NOT EXISTS sandbox_seeds (name TEXT PRIMARY KEY NOT NULL)"


async def open_folder(data_dir: Path, migrations: Sequence[Migration], seeds: Seeds) -> tuple[Database, Digester]:
    """Open a folder, making and seeding it first when it is new; in an order that is safe for two processes at once.

    Raises:
        ConfigError: the folder cannot be used.
    """
    database = Database(data_dir / FILE_NAME, migrations)
    try:
        with _told(data_dir):
            digester = await to_thread.run_sync(_open_secret, data_dir)
            await database.open()
            if await database.read(_unsown, list(seeds)):
                await database.write(_sow, seeds, digester)
    except BaseException:
        database.close()
        raise
    return database, digester


@contextmanager
def _told(data_dir: Path) -> Iterator[None]:
    """What keeps the folder from being used, as one line with what to do."""
    try:
        yield
    except NewerFile:
        raise ConfigError(
            "the data folder was written by a newer version of flintt-mcp",
            advice="Update flintt-mcp, or choose another data folder.",
        ) from None
    except Full:
        raise ConfigError(
            f"the disk has no room for the data folder {data_dir}", advice="Make room, then start again."
        ) from None
    except Busy:
        raise ConfigError(
            f"another process holds the data folder {data_dir}", advice="Start again when it is done."
        ) from None
    except (OSError, ValueError, sqlite3.DatabaseError) as error:
        raise ConfigError(
            f"the data folder {data_dir} cannot be used: {error}", advice="Choose another data folder."
        ) from error


def _open_secret(data_dir: Path) -> Digester:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (data_dir / FILE_NAME).exists() and not (data_dir / secret.FILE_NAME).exists():
        raise ConfigError(
            f"the data folder {data_dir} has lost its {secret.FILE_NAME}, without which no stored key can be recognised",
            advice="Put the file back, or choose another data folder.",
        )
    return open_digester(data_dir)


def _sow(connection: sqlite3.Connection, seeds: Seeds, digester: Digester) -> None:
    """Sow what is missing, looked at again once the write lock is ours."""
    connection.execute(_SEEDS_TABLE)
    for name in _unsown(connection, list(seeds)):
        seeds[name](connection, digester)
        connection.execute("INSERT INTO sandbox_seeds (name) VALUES (?)", (name,))


def _unsown(connection: sqlite3.Connection, names: Sequence[str]) -> list[str]:
    """The seeds that this file has not been given yet, in their order."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sandbox_seeds'").fetchone() is None:
        return list(names)
    sown = {row["name"] for row in connection.execute("SELECT name FROM sandbox_seeds")}
    return [name for name in names if name not in sown]
