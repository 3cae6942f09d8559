"""An import as it is kept between its preview and its end, what came of each of its rows, and what a store of them does.

    preview -> kept, an hour -> commit -> every row done, or left for the next commit, a day

Only whoever previewed it finds it. What a store keeps is bytes that it cannot read without the import's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.imports.plan import Planned

HOUR, REST = 3600.0, 23 * 3600.0
"""For how long a preview waits for its commit, and a commit that was begun for its end: less than an intent is remembered."""


Result = Literal["created", "exists", "failed", "unknown", ""]


class Outcome(msgspec.Struct, frozen=True):
    """What came of a row: of its company, and of its deal. `open` says that it is not over: the next commit goes on with it."""

    result: Result = ""
    id: str = ""
    deal: Result = ""
    deal_id: str = ""
    why: str = ""
    open: bool = False


class Plan(msgspec.Struct, frozen=True):
    """What a preview found: every row, and how the table was read."""

    rows: Sequence[Planned]
    told: Sequence[str] = ()


class Progress(msgspec.Struct, frozen=True):
    """How far an import is: outcomes by row, and what a person decided: rows to `add` although they seem double, rows to `skip`."""

    outcomes: Mapping[int, Outcome] = {}
    add: frozenset[int] = frozenset()
    skip: frozenset[int] = frozenset()

    def and_then(self, more: Progress) -> Progress:
        """This with what came later; what is over stays as it is."""
        over = {number: outcome for number, outcome in self.outcomes.items() if not outcome.open}
        add, skip = (self.add - more.skip) | more.add, (self.skip - more.add) | more.skip
        return Progress({**self.outcomes, **more.outcomes, **over}, add, skip)


class Kept(msgspec.Struct, frozen=True):
    """An import as a store hands it out. `busy` says that somebody is at work on it."""

    id: str
    plan: Plan
    progress: Progress
    busy: bool = False


class Store(Protocol):
    """Where bytes of imports are kept, as `state/imports.py` does. Each method raises `StoreFailed` when that cannot be used."""

    async def keep(self, caller: str, plan: bytes, seconds: float) -> str: ...

    async def find(self, id: str, caller: str) -> tuple[bytes, bytes, bool] | None: ...

    async def take(self, id: str, caller: str, worker: str, seconds: float) -> bool: ...

    async def save(
        self, id: str, caller: str, worker: str, change: Callable[[bytes], bytes], *, ends: bool = False
    ) -> None: ...


class Imports:
    """Imports of all callers, in a store. Each method raises `StoreFailed` when that cannot be used."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, caller: str, plan: Plan) -> str:
        """Keep a plan for this caller for an hour; answers its id. The caller's oldest go where there are too many."""
        return await self._store.keep(caller, _encode(plan), HOUR)

    async def find(self, id: str, caller: str) -> Kept:
        """The import of that id.

        Raises:
            ToolInputError: it is not this caller's, or too old.
        """
        found = await self._store.find(id, caller)
        if found is None:
            raise ToolInputError(
                "import_id: there is none of that id for this key",
                advice="call preview_import again: a preview is kept for an hour, and nothing is done without one",
            )
        plan, progress, busy = found
        return Kept(id, _plan(plan), _read(progress), busy)

    async def take(self, id: str, caller: str, worker: str) -> bool:
        """Begin or go on to work on it for some seconds, where nobody else does; it then stays for nearly a day."""
        return await self._store.take(id, caller, worker, REST)

    async def save(self, id: str, caller: str, worker: str, more: Progress, *, ends: bool = False) -> None:
        """Add to its progress, and stay at work on it for some seconds more, or end that."""
        await self._store.save(id, caller, worker, lambda known: _encode(_read(known).and_then(more)), ends=ends)


_encode = msgspec.json.Encoder().encode
_plan = msgspec.json.Decoder(Plan).decode
_progress = msgspec.json.Decoder(Progress).decode


def _read(progress: bytes) -> Progress:
    return _progress(progress) if progress else Progress()
