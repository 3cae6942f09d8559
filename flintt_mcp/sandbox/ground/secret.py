"""The secret of one data folder, and the keyed digests made with it.

Keys and tokens of callers are stored only as HMAC-SHA256 under this secret, which lies in a file of its own (mode 600)
beside the database: a copied database alone opens nothing. The secret never leaves this module but inside `Digester`,
whose repr hides it. Keys are found by their first characters and compared by digest in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from flintt_mcp.state.key_file import read_or_make

FILE_NAME = "sandbox.secret"
KEY_PREFIX = 12
"""How many characters of a key are stored as they are, to find it by and to tell keys apart."""


@dataclass(frozen=True, slots=True)
class Digester:
    """Turns a caller's key into the digest that is stored, and compares in constant time."""

    _secret: bytes = field(repr=False)

    def digest(self, key: str) -> str:
        """HMAC-SHA256 of a key, in hex."""
        return hmac.new(self._secret, key.encode(), hashlib.sha256).hexdigest()

    def matches(self, key: str, digest: str) -> bool:
        """Whether `digest` belongs to `key`, in a time that tells nothing about either."""
        return hmac.compare_digest(self.digest(key), digest)

    def derive(self, use: str) -> bytes:
        """32 bytes for one use, which tell nothing about the secret, another use, or the digest of any key."""
        return hmac.digest(self._secret, b"\x00derive " + use.encode(), hashlib.sha256)


def open_digester(data_dir: Path) -> Digester:
    """Read the folder's secret, making it first when there is none; processes that come together get the same one."""
    return Digester(read_or_make(data_dir / FILE_NAME))


def row_of_key(
    connection: sqlite3.Connection, digester: Digester, query: str, key: str, *values: str
) -> sqlite3.Row | None:
    """The row whose key_digest is that of `key`, of those that `query` finds by key_prefix (its first mark) and `values`."""
    rows = connection.execute(query, (key[:KEY_PREFIX], *values)).fetchall()
    return next((row for row in rows if digester.matches(key, row["key_digest"])), None)
