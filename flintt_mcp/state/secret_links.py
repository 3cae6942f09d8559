"""Secrets that wait behind a link for whoever may read them, once: one row of the server's file each.

In: who made the call that brings them, and the secrets. Out: the id that goes into the link, and for the right reader what lies
behind it. A row is found by a digest of its id and is sealed under a key that is made of that id too: the file and the server's
keys together open none. What was read or is too old is wiped at once, its row a day later.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from flintt_mcp.sqlite import Database
from flintt_mcp.state.server_file import refusing

SECONDS = 600.0
"""For how long a link leads to something."""
ROOM = 16 * 1024
"""Bytes that are reserved before the call: many times what APIs show once."""
_TOLD = 86_400.0
"""For so long a reader is told that a link was used or is too old."""
_NONCE = bytes(12)
"""One text is ever sealed under the key of an id."""


class SecretLinks:
    """The rows. `key` (32 bytes) is shared by all workers of a server; `now` is the clock on the wall."""

    def __init__(self, database: Database, key: bytes, now: Callable[[], float]) -> None:
        self._database = database
        self._key = key
        self._now = now

    async def reserve(self) -> str:
        """The id of a new link, with room on the disk for what will lie behind it; nobody can read it yet.

        Raises:
            StoreFailed: the file cannot be used; the call must not be made.
        """
        id = secrets.token_urlsafe(24)
        with refusing():
            await self._database.write(_reserve, self._name(id), self._now())
        return id

    async def fill(self, id: str, who: str, held: Mapping[str, Any]) -> float:
        """Puts the secrets, by field, behind the link, for this reader; answers until when, in seconds since 1970.

        Raises:
            OSError: they are not there; only whoever holds them can still hand them on.
        """
        ends_at = self._now() + SECONDS
        sealed = self._cipher(id).encrypt(_NONCE, msgspec.json.encode(held), who.encode())
        try:
            is_there = await self._database.write(_fill, self._name(id), who, ends_at, sealed)
        except sqlite3.Error as error:
            raise OSError(type(error).__name__) from error
        if not is_there:
            raise OSError("the room that was reserved is gone")
        return ends_at

    async def release(self, id: str) -> None:
        """The call brought no secret: the room is given back, at the latest when somebody reserves another."""
        with suppress(OSError, sqlite3.Error):
            await self._database.write_relaxed(_release, self._name(id))

    async def take(self, id: str, readers: Collection[str]) -> Mapping[str, Any] | None:
        """What lies behind a link, for one of these readers and for the last time; empty when it was read or is too old.

        None when there is nothing of theirs: nobody else learns whether there is a link.

        Raises:
            StoreFailed: the file cannot be used; nothing was read.
        """
        if not self._database.path.exists():
            return None
        with refusing():
            found = await self._database.write(_take, self._name(id), frozenset(readers), self._now())
        if found is None:
            return None
        who, sealed = found
        return msgspec.json.decode(self._cipher(id).decrypt(_NONCE, sealed, who.encode())) if sealed else {}

    def _name(self, id: str) -> bytes:
        return self._digest(id, b"name")

    def _cipher(self, id: str) -> Any:
        # Loaded with the first secret: most servers never have one.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._digest(id, b"seal"))

    def _digest(self, id: str, use: bytes) -> bytes:
        return hashlib.blake2b(id.encode(), key=self._key, person=use, digest_size=32).digest()


def _reserve(connection: sqlite3.Connection, name: bytes, now: float) -> None:
    connection.execute("UPDATE secret_links SET sealed = x'' WHERE ends_at <= ? AND sealed <> x''", (now,))
    connection.execute("DELETE FROM secret_links WHERE ends_at <= ? OR (who = '' AND sealed = x'')", (now - _TOLD,))
    connection.execute("INSERT INTO secret_links VALUES (?, '', ?, zeroblob(?))", (name, now + SECONDS, ROOM))


def _fill(connection: sqlite3.Connection, name: bytes, who: str, ends_at: float, sealed: bytes) -> bool:
    row = (who, ends_at, sealed, name)
    changed = connection.execute(
        "UPDATE secret_links SET who = ?, ends_at = ?, sealed = ? WHERE name = ? AND who = ''", row
    )
    return changed.rowcount == 1


def _release(connection: sqlite3.Connection, name: bytes) -> None:
    connection.execute("DELETE FROM secret_links WHERE name = ? AND who = ''", (name,))


def _take(
    connection: sqlite3.Connection, name: bytes, readers: Collection[str], now: float
) -> tuple[str, bytes] | None:
    row = connection.execute("SELECT who, ends_at, sealed FROM secret_links WHERE name = ?", (name,)).fetchone()
    if row is None or row[0] not in readers:
        return None
    who, ends_at, sealed = row
    connection.execute("UPDATE secret_links SET sealed = x'' WHERE name = ?", (name,))
    return who, sealed if ends_at > now else b""
