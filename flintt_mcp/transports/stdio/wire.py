"""The two descriptors that lead to the client, and the lines that come and go on them.

In: the process's own stdin and stdout. Out: whole lines as bytes, and lines written one after the other. While a client is
served, whatever else in this process (and its children) reads finds the end of input, and whatever else prints goes to stderr.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

CHUNK = 65536

logger = logging.getLogger(__name__)


class ClientGone(Exception):
    """Nobody reads what is written."""


def client_gone(error: OSError) -> ClientGone:
    """What failed writing means; a client that just left is how most conversations end."""
    if not isinstance(error, BrokenPipeError | ConnectionResetError):
        logger.error("answers cannot be written any more: %s", error.strerror)
    return ClientGone()


@dataclass(frozen=True, slots=True)
class Wire:
    """Where the client is: descriptors that nobody else in this process knows."""

    read_from: int
    write_to: int


@contextmanager
def own_streams() -> Iterator[Wire]:
    """Take stdin and stdout for the client alone, and give them back at the end."""
    wire = Wire(_away_from(0, _nothing()), _away_from(1, _errors()))
    try:
        yield wire
    finally:
        # What somebody printed waits in a buffer, and would go to the client once descriptor 1 leads there again.
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        for standard, own in ((0, wire.read_from), (1, wire.write_to)):
            os.dup2(own, standard)
            os.close(own)


def _away_from(standard: int, other: int) -> int:
    """A descriptor of what `standard` leads to; that leads to `other` from now on."""
    own = os.dup(standard)
    os.dup2(other, standard)
    os.close(other)
    return own


def _nothing() -> int:
    return os.open(os.devnull, os.O_RDONLY)


def _errors() -> int:
    try:
        return os.dup(2)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


class Lines:
    """Cuts what comes in into lines; None stands for a line above the limit, of which nothing is kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._skipping = False

    def cut(self, chunk: bytes) -> list[bytes | None]:
        """The lines that end in this chunk."""
        *ends, rest = chunk.split(b"\n")
        lines = [self._line(end) for end in ends]
        self._keep(rest)
        return lines

    def rest(self) -> list[bytes | None]:
        """What was left without an end when the input ended."""
        return [self._line(b"")] if self._kept or self._skipping else []

    def _line(self, end: bytes) -> bytes | None:
        too_long = self._skipping or len(self._kept) + len(end) > self._limit
        line = None if too_long else bytes(self._kept) + end
        self._kept.clear()
        self._skipping = False
        return line

    def _keep(self, rest: bytes) -> None:
        self._skipping = self._skipping or len(self._kept) + len(rest) > self._limit
        if self._skipping:
            self._kept.clear()
        else:
            self._kept += rest


def write_now(wire: Wire, data: bytes) -> None:
    """Write all of it, however long the client takes to read.

    Raises:
        ClientGone: it reads no more.
    """
    try:
        while data:
            data = data[os.write(wire.write_to, data) :]
    except OSError as error:
        raise client_gone(error) from None
