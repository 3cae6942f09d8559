"""Which sessions ended before their time.

In: sessions that a client ended, here or in another worker. Out: whether one has. Every process holds the whole list, which is
short: it is read when the process starts and told from then on, so that no request waits for a file.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

from flintt_mcp.errors import CallRefused
from flintt_mcp.transports.http.sessions.statement import Session

logger = logging.getLogger(__name__)

MOST = 10_000
"""How many are remembered; beyond, the first forgotten could be used again by whoever ended it, and by nobody else."""


class EndedStore(Protocol):
    """Where ended sessions outlive this process."""

    async def all(self) -> Mapping[bytes, int]:
        """Names of sessions that have ended, with the seconds since 1970 when they would have ended by themselves."""
        ...

    async def add(self, name: bytes, ends: int) -> None:
        """Keep one more.

        Raises:
            CallRefused: it cannot be kept.
        """
        ...


class NoStore:
    """A store that keeps nothing: sessions that ended are known until this process ends."""

    async def all(self) -> Mapping[bytes, int]:
        return {}

    async def add(self, name: bytes, ends: int) -> None:
        return None


class Ended:
    """The sessions that ended before their time."""

    def __init__(self, store: EndedStore) -> None:
        self._store = store
        self._names: OrderedDict[bytes, int] = OrderedDict()

    def __contains__(self, session: Session) -> bool:
        return session.name in self._names

    async def load(self) -> None:
        """Read what ended before this process began."""
        try:
            for name, ends in (await self._store.all()).items():
                self.note(name, ends)
        except CallRefused:
            logger.exception("Which sessions have ended could not be read; they count as open again")

    def note(self, name: bytes, ends: int) -> None:
        """One ended, in another process."""
        self._names[name] = ends
        while len(self._names) > MOST:
            self._names.popitem(last=False)

    async def end(self, session: Session) -> None:
        """End one. It has ended here even where that cannot be kept."""
        self.note(session.name, session.ends)
        try:
            await self._store.add(session.name, session.ends)
        except CallRefused:
            logger.exception("An ended session could not be remembered; after a restart its client could use it again")
