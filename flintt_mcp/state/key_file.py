"""Keys that this machine makes once and keeps: one file each, mode 600, the same for every process that opens the folder."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def read_or_make(path: Path) -> bytes:
    """The 32 bytes in `path`, made at random when there is no such file; processes that come together get the same.

    Raises:
        OSError: the folder cannot be written, or the file cannot be read.
        ValueError: the file does not hold a key.
    """
    if not path.exists():
        _make(path)
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) != 32:
        raise ValueError("not a key of 32 bytes")
    return key


def _make(path: Path) -> None:
    """Write it aside and link it into place: whoever links first wins, and nobody reads a half-written file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
