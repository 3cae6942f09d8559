"""Imports between preview and end: one row of the server's file each, sealed, for whoever previewed it.

In: a caller as a keyed digest, a plan and its progress as bytes. Out: the same bytes, for that caller with the id.
A row is found by a digest of its id and sealed under a key made of that id, with the caller in the seal: neither the file nor the
server's keys alone open one. What is too old goes with the next one that is kept.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Callable
from typing import Any

from flintt_mcp.errors import StoreFailed
from flintt_mcp.sqlite import Database
from flintt_mcp.state.server_file import refusing

FEW = 5
"""Imports of one caller that are kept at a time."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes of all of them together."""
LEASE = 10.0
"""Seconds after which whoever is at work on one and says nothing counts as gone."""
_NONCE = 12


class StoredImports:
    """The rows. `key` (32 bytes) is shared by all workers of a server; `now` is the clock on the wall."""

    def __init__(self, database: Database, key: bytes, now: Callable[[], float]) -> None:
        self._database = database
        self._key = key
        self._now = now

    async def keep(self, caller: str, plan: bytes, seconds: float) -> str:
        """Keep a plan; answers the id that leads to it.

        Raises:
            StoreFailed: there is no room, or the file cannot be used.
        """
        id = f"imp_{secrets.token_urlsafe(16)}"
        row = (self._name(id), caller, self._now() + seconds, self._sealed(id, caller, plan))
        with refusing():
            kept = await self._database.write(_keep, row, self._now())
        if not kept:
            raise StoreFailed("The server keeps as many imports as it has room for", advice="try again in an hour")
        return id

    async def find(self, id: str, caller: str) -> tuple[bytes, bytes, bool] | None:
        """Plan, progress and whether somebody is at work on it; None where there is none of that id for this caller."""
        if not self._database.path.exists():
            return None
        with refusing():
            row = await self._database.read(_find, self._name(id), caller, self._now())
        return None if row is None else (self._opened(id, caller, row[0]), self._opened(id, caller, row[1]), row[2])

    async def take(self, id: str, caller: str, worker: str, seconds: float) -> bool:
        """Take the turn to work on it, where nobody has it; the first time it stays for `seconds` from then on."""
        with refusing():
            return await self._database.write(_take, (self._name(id), caller), worker, seconds, self._now())

    async def save(
        self, id: str, caller: str, worker: str, change: Callable[[bytes], bytes], *, ends: bool = False
    ) -> None:
        """Change its progress in one step, and hold the turn for longer or give it back."""

        def save(connection: sqlite3.Connection) -> None:
            now = self._now()
            found = _find(connection, self._name(id), caller, now)
            if found is not None:
                sealed = self._sealed(id, caller, change(self._opened(id, caller, found[1])))
                connection.execute("UPDATE imports SET progress = ? WHERE name = ?", (sealed, self._name(id)))
            until = 0.0 if ends else now + LEASE
            connection.execute(
                "UPDATE imports SET busy_until = ? WHERE name = ? AND worker = ?", (until, self._name(id), worker)
            )

        with refusing():
            await self._database.write_relaxed(save)

    def _name(self, id: str) -> bytes:
        return self._digest(id, b"name")

    def _sealed(self, id: str, caller: str, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher(id).encrypt(nonce, plain, caller.encode())

    def _opened(self, id: str, caller: str, sealed: bytes) -> bytes:
        opened: bytes = self._cipher(id).decrypt(sealed[:_NONCE], sealed[_NONCE:], caller.encode()) if sealed else b""
        return opened

    def _cipher(self, id: str) -> Any:
        # Loaded with the first import: most servers never have one.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._digest(id, b"seal"))

    def _digest(self, id: str, use: bytes) -> bytes:
        return hashlib.blake2b(id.encode(), key=self._key, person=b"import " + use, digest_size=32).digest()


def _keep(connection: sqlite3.Connection, row: tuple[bytes, str, float, bytes], now: float) -> bool:
    connection.execute("DELETE FROM imports WHERE ends_at <= ?", (now,))
    connection.execute(
        "DELETE FROM imports WHERE name IN (SELECT name FROM imports WHERE caller = ? AND busy_until <= ? "
        "ORDER BY begun DESC, made DESC LIMIT -1 OFFSET ?)",
        (row[1], now, FEW - 1),
    )
    (taken,) = connection.execute("SELECT total(length(plan) + length(progress)) FROM imports").fetchone()
    if taken + len(row[3]) > MOST_BYTES:
        return False
    connection.execute("INSERT INTO imports (name, caller, ends_at, plan, made) VALUES (?, ?, ?, ?, ?)", (*row, now))
    return True


def _find(connection: sqlite3.Connection, name: bytes, caller: str, now: float) -> tuple[bytes, bytes, bool] | None:
    query = "SELECT plan, progress, busy_until > ? FROM imports WHERE name = ? AND caller = ? AND ends_at > ?"
    row = connection.execute(query, (now, name, caller, now)).fetchone()
    return None if row is None else (row[0], row[1], bool(row[2]))


def _take(connection: sqlite3.Connection, whose: tuple[bytes, str], worker: str, seconds: float, now: float) -> bool:
    changed = connection.execute(
        "UPDATE imports SET worker = ?, busy_until = ?, ends_at = CASE begun WHEN 0 THEN ? ELSE ends_at END, begun = 1 "
        "WHERE name = ? AND caller = ? AND ends_at > ? AND (busy_until <= ? OR worker = ?)",
        (worker, now + LEASE, now + seconds, *whose, now, now, worker),
    )
    return changed.rowcount == 1
