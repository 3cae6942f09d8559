"""The file of a host: read as it is, and written in one step, with what it was before kept beside it.

In: a path. Out: its text, or a file of mode 600 that holds the new one. A link stays a link: what it leads to is written. A file
that nobody may write, or that changed since it was read, is left alone.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from flintt_mcp.errors import ConfigError
from flintt_mcp.state.private_file import write_private

_MARK = "\ufeff"
_MOST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file as it was when it was read. `path` is where it really lies, `text` None when there is none."""

    path: Path
    text: str | None = field(repr=False)
    has_mark: bool = False

    def backup(self, name: str) -> Path:
        """Where the file is kept as it was before the entry of that name came."""
        return self.path.with_name(f"{self.path.name}.before-{name}")

    def write(self, text: str | None) -> None:
        """Write it, or remove it for None.

        Raises:
            ConfigError: it cannot be written, or is another one by now; it stays as it is.
        """
        if read_file(self.path) != self:
            raise ConfigError(f"{self.path} changed meanwhile, and was left alone", advice="say it again")
        try:
            if text is None:
                self.path.unlink(missing_ok=True)
            else:
                write_private(self.path, self._marked(text))
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {_reason(error)}") from None

    def keep_as(self, backup: Path) -> None:
        """Keep what it holds in another file of mode 600.

        Raises:
            ConfigError: that cannot be written.
        """
        try:
            write_private(backup, self._marked(self.text or ""))
        except OSError as error:
            raise ConfigError(f"{backup} cannot be written: {_reason(error)}") from None

    def _marked(self, text: str) -> str:
        return (_MARK if self.has_mark else "") + text


def read_file(path: Path) -> HostFile:
    """The file at the path, or where a link there leads to.

    Raises:
        ConfigError: it is there and is no text in UTF-8 that may be read and written.
    """
    try:
        real = path.resolve()
        if not real.exists():
            return HostFile(real, None)
        _check(real)
        content = real.read_bytes()
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"{path} cannot be read: {_reason(error)}") from None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{real}, line {line}: it is not in UTF-8", advice="save it as UTF-8; it was left alone"
        ) from None
    return HostFile(real, text.removeprefix(_MARK), text.startswith(_MARK))


def _check(real: Path) -> None:
    """What nobody could write is refused before anything is asked of a person."""
    about = real.stat()
    if not stat.S_ISREG(about.st_mode):
        raise ConfigError(f"{real} is no file")
    if not about.st_mode & stat.S_IWUSR or not os.access(real, os.W_OK):
        raise ConfigError(
            f"{real} is read-only, and was left alone", advice="put the entry in where that file comes from"
        )
    if about.st_size > _MOST:
        raise ConfigError(f"{real} is larger than {_MOST // 1024 // 1024} MiB, and was left alone")


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or "its links lead in a circle").lower()
