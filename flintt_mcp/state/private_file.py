"""One way to write a file that only this user reads (mode 600, in a folder of mode 700): whole, or not at all.

In: a path and a text. Out: the file, on the disk when the call returns. What is written goes into a draft in the same folder,
which takes its place in one step: a crash or a full disk leaves what was there before. A draft may reserve its room first, so
that a later write of so many bytes does not fail for want of it. No content is in any message of this module.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_CLOSED = -1
_NO_RESERVING = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)


def write_private(path: Path, text: str) -> None:
    """Write the file, in place of the one that is there.

    Raises:
        OSError: it cannot be written; the one that was there still is.
    """
    with open_draft(path.parent) as draft:
        draft.write(text)
        draft.replace(path)


def make_private(path: Path, text: str) -> None:
    """Write the file unless there is one; of processes that come together one wins, and nobody reads half of it.

    Raises:
        OSError: it cannot be written, and there is none.
    """
    with open_draft(path.parent) as draft, suppress(FileExistsError):
        draft.write(text)
        os.link(draft.path, path)
        _sync_folder(path.parent)


def private_folder(folder: Path) -> None:
    """Make the folder, and those it lies in, for this user alone; folders that are there stay as they are.

    Raises:
        OSError: it cannot be made.
    """
    for one in (*reversed(folder.parents), folder):
        one.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def open_draft(folder: Path, reserve: int = 0) -> Iterator[Draft]:
    """A private file in `folder`, made when that is missing; at the end it is gone unless it took a place or was kept.

    Args:
        reserve: bytes of which the disk keeps room for it, where the system can do that.

    Raises:
        OSError: it cannot be made, or there is no such room.
    """
    private_folder(folder)
    draft = Draft(folder / f".{token_hex(8)}")
    try:
        if reserve:
            draft.reserve(reserve)
        yield draft
    finally:
        draft.close()


class Draft:
    """A private file that is written before it takes its place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, _NEW, 0o600)
        self._kept = False

    def reserve(self, size: int) -> None:
        """Take room for so many bytes.

        Raises:
            OSError: there is none.
        """
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self._descriptor, 0, size)
                return
        except OSError as error:
            if error.errno not in _NO_RESERVING:
                raise
        # Zeros hold the place wherever a file is written over in place.
        self._fill(bytes(size))

    def write(self, text: str) -> None:
        """Write the whole text, to the disk.

        Raises:
            OSError: it cannot be written.
        """
        self._fill(text.encode())

    def replace(self, path: Path) -> None:
        """Take the place of `path`, whatever is there.

        Raises:
            OSError: it cannot; what is there still is.
        """
        self._close()  # not every system renames a file that is open
        self.path.replace(path)
        self._kept = True
        _sync_folder(path.parent)

    def keep(self) -> Path:
        """Stay under its own name, which is returned."""
        self._kept = True
        return self.path

    def close(self) -> None:
        """Close it, and remove it if it has found no place."""
        self._close()
        if not self._kept:
            self.path.unlink(missing_ok=True)

    def _fill(self, content: bytes) -> None:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        left = memoryview(content)
        while left:
            left = left[os.write(self._descriptor, left) :]
        os.ftruncate(self._descriptor, len(content))
        os.fsync(self._descriptor)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the new name last; not every system can open a folder for that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
