"""The server's own file, shared by its processes: SQLite in the data folder, made when something is first stored.

In: a folder. Out: the file as a `Database`, with every table that a room of `state/` keeps in it, and what it cannot do said as a
refusal of the call that asked. Nothing of a sandbox lies here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flintt_mcp.errors import StoreFailed
from flintt_mcp.sqlite import Database, Migration
from flintt_mcp.state.journal import JOURNAL

FILE_NAME = "server.db"

MIGRATIONS = (
    Migration(
        "claims of idempotency keys, and requests that processes count together",
        (
            "CREATE TABLE claims (digest BLOB PRIMARY KEY NOT NULL, key TEXT NOT NULL, made_at REAL NOT NULL) WITHOUT ROWID",
            "CREATE INDEX claims_by_age ON claims (made_at)",
            "CREATE TABLE requests (bucket TEXT NOT NULL, sent_at REAL NOT NULL, ends_at REAL NOT NULL)",
            "CREATE INDEX requests_by_bucket ON requests (bucket, sent_at)",
            "CREATE INDEX requests_by_end ON requests (ends_at)",
        ),
    ),
    Migration(
        "intents, which hold the idempotency keys as well",
        (
            "DROP TABLE claims",
            "CREATE TABLE intents (id TEXT PRIMARY KEY NOT NULL, caller TEXT NOT NULL, tool TEXT NOT NULL, effect TEXT NOT NULL, "
            "digest BLOB NOT NULL, canonical TEXT NOT NULL, named TEXT NOT NULL, amount TEXT, unit TEXT NOT NULL, "
            "remembered REAL NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL, made_at REAL NOT NULL, changed_at REAL NOT NULL, "
            "ends_at REAL NOT NULL, settles_at REAL NOT NULL, shown TEXT NOT NULL, how TEXT NOT NULL, reply BLOB NOT NULL)",
            "CREATE INDEX intents_by_want ON intents (caller, tool, digest, named)",
            "CREATE INDEX intents_by_name ON intents (caller, named) WHERE named <> ''",
            "CREATE INDEX intents_by_change ON intents (changed_at)",
        ),
    ),
    JOURNAL,
    Migration(
        "sessions that ended before their time",
        (
            "CREATE TABLE ended_sessions (name BLOB PRIMARY KEY NOT NULL, ends_at INTEGER NOT NULL) WITHOUT ROWID",
            "CREATE INDEX ended_sessions_by_end ON ended_sessions (ends_at)",
        ),
    ),
    Migration(
        "what is known of work that goes on after its call",
        ("ALTER TABLE intents ADD COLUMN followed BLOB NOT NULL DEFAULT x''",),
    ),
    Migration(
        "secrets that wait behind a link",
        (
            "CREATE TABLE secret_links (name BLOB PRIMARY KEY NOT NULL, who TEXT NOT NULL, ends_at REAL NOT NULL, "
            "sealed BLOB NOT NULL)",
            "CREATE INDEX secret_links_by_end ON secret_links (ends_at)",
        ),
    ),
    Migration(
        "what stands for a call is found beside thousands of equal ones that are over",
        (
            "DROP INDEX intents_by_want",
            "CREATE INDEX intents_by_want ON intents (caller, tool, digest, named, ends_at)",
            "CREATE INDEX intents_unsettled ON intents (caller, tool, digest, named) WHERE state IN ('executing', 'unknown')",
        ),
    ),
    Migration(
        "imports between preview and end",
        (
            "CREATE TABLE imports (name BLOB PRIMARY KEY NOT NULL, caller TEXT NOT NULL, made REAL NOT NULL, "
            "ends_at REAL NOT NULL, "
            "begun INTEGER NOT NULL DEFAULT 0, worker TEXT NOT NULL DEFAULT '', busy_until REAL NOT NULL DEFAULT 0, "
            "plan BLOB NOT NULL, progress BLOB NOT NULL DEFAULT x'')",
            "CREATE INDEX imports_by_caller ON imports (caller, made)",
            "CREATE INDEX imports_by_end ON imports (ends_at)",
        ),
    ),
)
"""The schema, step by step; released steps never change."""


def server_file(folder: Path) -> Database:
    """The server's file in that folder; nothing is opened or made yet."""
    return Database(folder / FILE_NAME, MIGRATIONS)


@contextmanager
def refusing() -> Iterator[None]:
    """What the file cannot do, as the refusal of the call that asked for it.

    Raises:
        StoreFailed: it cannot be used; nothing was sent.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StoreFailed(
            f"The server could not use its store ({type(error).__name__}), so nothing was sent",
            advice="try again in a minute; if it lasts, the operator has to look at the data folder",
        ) from error
