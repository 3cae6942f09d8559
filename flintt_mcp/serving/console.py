"""What a person reads in a terminal: results on stdout, all else on stderr. Writing never ends what was being done.

In: text. Out: what kept it from being written, if anything did. Characters that the encoding of stdout lacks are written as
escapes, so nothing is lost; a stream that is closed, full or read by nobody any more is left alone from then on.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import sys
from contextlib import suppress
from typing import Any, TextIO


def prepare() -> None:
    """Make the standard streams safe, once, before anything is opened.

    Of the three descriptors one that was closed leads to nothing from now on: else the next file that is opened would get its
    number, and be written to by whoever believes that it is the terminal.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def show(text: str) -> OSError | None:
    """Write a line, or several, to stdout. Returns what kept it from being written: a `BrokenPipeError` where nobody reads on."""
    return _write(sys.stdout, text and text + "\n")


def say(*lines: str) -> None:
    """Write lines to stderr, where that can be done."""
    _write(sys.stderr, "\n".join(lines) + "\n")


def shown_whole() -> OSError | None:
    """Write what others left in stdout's buffer. Returns as `show`."""
    return None if sys.stdout is None else _write(sys.stdout, "")


def as_json(value: Any, indent: int = 2) -> str:
    """The value as JSON for a person, in characters that stdout has; on one line when it is not indented."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return json.dumps(value, ensure_ascii=codecs.lookup(encoding).name != "utf-8", indent=indent or None)


def _write(stream: TextIO | None, text: str) -> OSError | None:
    if stream is None:
        return OSError(errno.EBADF, "it is closed")
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        _leave_alone(stream)
        return error
    return None


def _leave_alone(stream: TextIO) -> None:
    """Lead the stream to nothing, so that what waits in its buffer fails no more, not even while Python ends."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
        stream.flush()
