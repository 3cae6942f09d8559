"""How far a call is, on one line of a terminal that the next word takes away.

In: the progress that a call tells its channel. Out: a line on stderr, only where that is a terminal: results go to stdout, and what
is no person reads no progress.
"""

from __future__ import annotations

import shutil
import sys

from flintt_mcp.calls.call import QuietChannel

_CLEAR = "\r\x1b[K"


class TerminalChannel(QuietChannel, frozen=True):
    """The channel of a call from a shell."""

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """Show how far it is in the place of what stood there."""
        far = f"{done:g}" if total is None else f"{done:g}/{total:g}"
        said = "".join(letter if letter.isprintable() else " " for letter in f"{far} {message or ''}")
        _write(_CLEAR + said[: shutil.get_terminal_size().columns - 1])

    def clear(self) -> None:
        """Leave nothing of it."""
        _write(_CLEAR)


def _write(text: str) -> None:
    if sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()
