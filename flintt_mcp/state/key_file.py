"""Keys that this machine makes once and keeps: one file each, mode 600, the same for every process that opens the folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from flintt_mcp.state.private_file import make_private


def read_or_make(path: Path) -> bytes:
    """The 32 bytes in `path`, made at random when there is no such file; processes that come together get the same.

    Raises:
        OSError: the folder cannot be written, or the file cannot be read.
        ValueError: the file does not hold a key.
    """
    if not path.exists():
        make_private(path, secrets.token_hex(32))
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) != 32:
        raise ValueError("not a key of 32 bytes")
    return key
