"""The journal: what became of every write and every approval, one row for each step, in an order that nobody can change unseen.

In: an intent that was made or took a step, inside the transaction that does it. Out: a row whose seal covers the row before it, and
a seal over where the journal ends. Both are keyed, so whoever can write the file and has no key can neither change a row, take one
out, nor cut the end off. Callers and arguments are keyed digests; arguments themselves only where the operator wants them.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from flintt_mcp.calls.intent import Intent
from flintt_mcp.sqlite import Migration

JOURNAL = Migration(
    "the journal of writes and approvals",
    (
        "CREATE TABLE journal (number INTEGER PRIMARY KEY NOT NULL, entry BLOB NOT NULL, seal BLOB NOT NULL)",
        "CREATE TABLE journal_end (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, seal BLOB NOT NULL)",
    ),
)
_START = bytes(32)
_ROWS = "SELECT number, CAST(entry AS BLOB) AS entry, CAST(seal AS BLOB) AS seal FROM journal"
"""Rows as bytes, whatever somebody else made of them: SQLite keeps any type in any column."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    `caller` and `arguments` are keyed digests. `state` is where the intent came to, `how` by whose answer, `asked` a keyed digest
    of the text a person was shown. `request_id` is the API's own. `said` are the arguments themselves, where they are kept.
    """

    number: int
    at: str
    intent: str
    caller: str
    tool: str
    effect: str
    arguments: str
    state: str
    how: str = ""
    asked: str = ""
    amount: str = ""
    request_id: str = ""
    said: str = ""


class Broken(Exception):
    """The journal is not as it was written; the text names the row."""


class Journal:
    """Writes and reads the journal of one file. `key` (32 bytes or more) seals it; `arguments` keeps them as they were given."""

    def __init__(self, key: bytes, *, arguments: bool = False) -> None:
        self._key = hmac.digest(key, b"flintt-mcp journal", hashlib.sha256)
        self._arguments = arguments

    def note(self, connection: sqlite3.Connection, intent: Intent, request_id: str = "") -> None:
        """Note where an intent has come to; call it in the transaction that brings it there."""
        number, before = self._last(connection)
        wanted = intent.wanted
        entry = Entry(
            number=number + 1,
            at=datetime.fromtimestamp(intent.changed_at, UTC).isoformat(timespec="milliseconds"),
            intent=intent.id,
            caller=self._digest("caller", wanted.caller),
            tool=wanted.tool,
            effect=wanted.effect.value,
            arguments=self._digest("arguments", wanted.canonical),
            state=intent.state.value,
            how=intent.how,
            asked=self._digest("asked", intent.shown) if intent.shown else "",
            amount="" if wanted.amount is None else f"{wanted.amount} {wanted.unit}",
            request_id=request_id,
            said=wanted.canonical if self._arguments else "",
        )
        told = msgspec.json.encode(entry)
        seal = self._seal(before, told)
        connection.execute("INSERT INTO journal VALUES (?, ?, ?)", (entry.number, told, seal))
        connection.execute(
            "INSERT OR REPLACE INTO journal_end VALUES (1, ?, ?)",
            (entry.number, self._seal(b"end", seal)),
        )

    def entries(self, connection: sqlite3.Connection) -> Iterator[Entry]:
        """All rows, oldest first, as they stand; no seal is looked at.

        Raises:
            Broken: a row is none any more; the message names it.
        """
        for row in connection.execute(f"{_ROWS} ORDER BY number"):
            yield _entry(row)

    def verify(self, connection: sqlite3.Connection) -> int:
        """How many rows there are, all of them as they were written.

        Raises:
            Broken: a row was changed, taken out, put in or moved, or the end was cut off; the message names the first row.
        """
        before, number = _START, 0
        for row in connection.execute(f"{_ROWS} ORDER BY number"):
            number += 1
            if row["number"] != number:
                raise Broken(f"row {number} is missing")
            before = self._verified(row, before)
        if not self._ends(connection, number, before):
            raise Broken(f"the end was cut off or changed: the last row there is is number {number}")
        return number

    def _verified(self, row: sqlite3.Row, before: bytes) -> bytes:
        seal = self._seal(before, row["entry"])
        if _entry(row).number != row["number"] or not hmac.compare_digest(row["seal"], seal):
            raise Broken(f"row {row['number']} was changed, or a row before it")
        return seal

    def _last(self, connection: sqlite3.Connection) -> tuple[int, bytes]:
        """The number of the last row, and what the seal of the next one covers.

        Where the end is not as it was written, that covers what no row has: what comes next must not make good what was cut off.
        """
        row = connection.execute(f"{_ROWS} ORDER BY number DESC LIMIT 1").fetchone()
        number, seal = (0, _START) if row is None else (row["number"], row["seal"])
        return number, seal if self._ends(connection, number, seal) else self._seal(b"cut", seal)

    def _ends(self, connection: sqlite3.Connection, number: int, seal: bytes) -> bool:
        """Whether the journal ends with that row, as far as it was told."""
        end = connection.execute("SELECT number, CAST(seal AS BLOB) AS seal FROM journal_end").fetchone()
        if end is None:
            return number == 0
        return bool(end["number"] == number and hmac.compare_digest(end["seal"], self._seal(b"end", seal)))

    def _seal(self, before: bytes, told: bytes) -> bytes:
        return hmac.digest(self._key, before + b"\n" + told, hashlib.sha256)

    def _digest(self, what: str, text: str) -> str:
        return hmac.digest(self._key, f"{what}\n{text}".encode(), hashlib.sha256).hex()[:24]


def _entry(row: sqlite3.Row) -> Entry:
    try:
        return msgspec.json.decode(row["entry"], type=Entry)
    except msgspec.DecodeError:
        raise Broken(f"row {row['number']} was changed") from None


def as_line(entry: Entry) -> dict[str, Any]:
    """An entry as one JSON object, without what is empty."""
    return {name: value for name, value in msgspec.structs.asdict(entry).items() if value != ""}
