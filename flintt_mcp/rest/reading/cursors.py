"""Opaque cursors: where the next page of a list starts, bound to its tool, its filters and its caller.

A cursor is a signed position. It holds no filter and no caller: those go into the signature, so a cursor that comes back
with another tool, other filters or another key does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import msgspec

from flintt_mcp.errors import ToolInputError

_MAC_BYTES = 12
LONGEST = 8000


class Cursors:
    """Seals and opens cursors. `key` (32 bytes or more) is shared by all workers of a server."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"flintt-mcp cursor, marks", hashlib.sha256)

    def seal(self, scope: str, position: Any) -> str:
        """A cursor for a JSON `position` within `scope` (tool, filters and caller as one text)."""
        payload = msgspec.json.encode(position)
        return _spelled(self._mac(scope, payload) + payload)

    def open(self, scope: str, cursor: str) -> Any:
        """The position that `seal` put in.

        Raises:
            ToolInputError: it was not sealed here for this scope, or was changed.
        """
        raw = _read(cursor)
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not payload or not hmac.compare_digest(mac, self._mac(scope, payload)):
            raise ToolInputError(
                "cursor: does not belong to this tool with these filters and this key",
                advice="repeat the filters of the page that gave it, or start again without a cursor",
            )
        return msgspec.json.decode(payload)

    def _mac(self, scope: str, payload: bytes) -> bytes:
        return hmac.digest(self._key, scope.encode() + b"\n" + payload, hashlib.sha256)[:_MAC_BYTES]


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read(cursor: str) -> bytes:
    """The bytes of a cursor, empty when it is none. Base64 has several spellings of some bytes: only ours counts."""
    if len(cursor) > LONGEST:
        return b""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
    return raw if _spelled(raw) == cursor else b""
