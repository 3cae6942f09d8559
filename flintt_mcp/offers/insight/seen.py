"""How far somebody has read a list of changes, small enough for a cursor and losing nothing. Pure.

In: the changes that are there, and what of them was told. Out: what is still to tell, now and on a later call with other changes.
Everything before a place was told. Behind it, for two minutes in which rows may still show late, the newest are known one by one
and the others by one digest over all of them: where that differs they are told again, since a change rather comes twice than never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from flintt_mcp.offers.insight.changes import Change, Place
from flintt_mcp.offers.insight.moments import before

LATE = 120.0
"""Seconds for which a row may be there later than its moment says."""
MOST_MARKS = 60
_LENGTH = 8
_NOTHING: Mapping[str, str] = {}


class Seen(msgspec.Struct, frozen=True):
    """What was told: all before `start`; between it and `marked_from` what `between` is the digest of; behind that `marks`.

    `owed` are runs to look at again, each with its status as it was told: they went on, or their findings could not be read.
    """

    start: Place = Place()
    marked_from: Place = Place()
    between: str = ""
    marks: frozenset[str] = frozenset()
    owed: Mapping[str, str] = _NOTHING

    @classmethod
    def since(cls, moment: str) -> Seen:
        """Whoever has read all up to a moment, or a date."""
        return cls(Place(moment), Place(moment), _digest(()))

    @classmethod
    def read(cls, position: Sequence[Any]) -> Seen:
        """What `position` said."""
        start, marked_from, between, marks, owed = position
        told = frozenset(marks[at : at + _LENGTH] for at in range(0, len(marks), _LENGTH))
        return cls(Place(*start), Place(*marked_from), between, told, owed)

    @property
    def position(self) -> list[Any]:
        """This as JSON."""
        return [self.start, self.marked_from, self.between, "".join(sorted(self.marks)), self.owed]

    def unseen(self, there: Sequence[Change]) -> list[Change]:
        """What of the changes that are there was not told yet, in their order."""
        between = [change for change in there if self.start <= change.place < self.marked_from]
        same = _digest(change for change in between if change.run not in self.owed) == self.between
        return [change for change in there if self._is_new(change, same)]

    def _is_new(self, change: Change, same: bool) -> bool:
        if change.digest in self.marks:
            return False
        if change.run in self.owed:
            return change.kind == "finding" or change.status != self.owed[change.run]
        return change.place >= (self.marked_from if same else self.start)

    def knows(self, change: Change) -> bool:
        """Whether the row of a change was told when it came."""
        if change.run in self.owed or change.kind == "finding":
            return change.kind == "run"
        return Place(change.came, change.kind, change.id) < self.marked_from or change.first_digest in self.marks

    def after(self, there: Sequence[Change], left: Sequence[Change], owed: Mapping[str, str]) -> Seen:
        """What was told once `left` is all that is not, and these runs are to be looked at again."""
        untold = set(left)
        shown = [change for change in there if change not in untold]
        edge = next((change.place for change in left if change.run not in owed), None)
        plain = [change for change in shown if change.run not in owed and change.place >= self.start]
        settled = [change for change in plain if edge is None or change.place < edge]
        if settled:
            start = max(self.start, Place(before(settled[-1].at, LATE)))
            window = [change for change in settled if change.place >= start]
        else:
            start, window = self.start, []
        marked = window[-MOST_MARKS:]
        marked_from = marked[0].place if len(window) > MOST_MARKS else start
        behind = [change for change in plain if edge is not None and change.place >= edge]
        of_owed = [change for change in shown if change.run in owed and change.kind == "finding"]
        marks = frozenset(change.digest for change in (*marked, *behind, *of_owed))
        return Seen(start, marked_from, _digest(change for change in window if change.place < marked_from), marks, owed)


def _digest(changes: Iterable[Change]) -> str:
    """One digest over changes in their order."""
    return blake2b("".join(change.digest for change in changes).encode(), digest_size=8).hexdigest()
