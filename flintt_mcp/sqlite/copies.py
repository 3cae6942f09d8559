"""The copy of a file that is kept before its schema changes, for whoever has to go back: `sandbox.db.v8` beside `sandbox.db`.

In: a file in WAL mode, whose write lock the caller holds. Out: a private copy of what is committed, whole or not at all; its
number is how many migrations it has seen. The copy is page by page, since a row's place in its table means something here.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def keep_copy(path: Path, version: int) -> None:
    """Copy the file.

    Raises:
        OSError, sqlite3.Error: it cannot be copied.
    """
    copy = _copy_of(path, version)
    draft = copy.with_name(f"{copy.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as target:
            source.backup(target)
        os.fsync(descriptor)
        draft.replace(copy)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def forget_copies(path: Path, *, but: int) -> None:
    """Remove the copies of other versions."""
    kept = _copy_of(path, but)
    for copy in path.parent.glob(f"{path.name}.v*"):
        if copy != kept:
            copy.unlink(missing_ok=True)


def _copy_of(path: Path, version: int) -> Path:
    return path.with_name(f"{path.name}.v{version}")
