"""The results of ended runs, kept in memory for whoever read them: a run that has ended does not change.

In: who reads, by a keyed digest, the id of a run and its results as bytes. Out: the same bytes, to the same caller, for an hour.
What was used least recently goes when the server's room is used up. Nothing is written to disk; no caller sees what another read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

SECONDS = 3600.0
_ENTRY = 300
"""Bytes that an entry takes besides its results."""


class KeptRuns:
    """Results of runs, at most `most` bytes of them; `now` counts seconds."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._size = 0
        self._entries: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        self._ages: OrderedDict[tuple[str, str], float] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes that are taken."""
        return self._size

    def get(self, who: str, run_id: str) -> bytes | None:
        """What this caller read of this run within the hour."""
        self._forget_old()
        entry = self._entries.get((who, run_id))
        if entry is None:
            return None
        self._entries.move_to_end((who, run_id))
        return entry[1]

    def put(self, who: str, run_id: str, results: bytes) -> None:
        """Keep the results of a run; of a caller that is nobody nothing is kept."""
        self._forget_old()
        if not who or len(results) + _ENTRY > self._most:
            return
        self._drop((who, run_id))
        self._entries[who, run_id] = (self._now() + SECONDS, results)
        self._ages[who, run_id] = self._entries[who, run_id][0]
        self._size += len(results) + _ENTRY
        while self._size > self._most:
            self._drop(next(iter(self._entries)))

    def _forget_old(self) -> None:
        now = self._now()
        while self._ages and next(iter(self._ages.values())) <= now:
            self._drop(next(iter(self._ages)))

    def _drop(self, name: tuple[str, str]) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            del self._ages[name]
            self._size -= len(entry[1]) + _ENTRY
