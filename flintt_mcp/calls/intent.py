"""The intent: one write that a caller wants, as one value, from the first call to the last answer about it.

    draft -> asked -> approved -> executing -> done
               |          |           |-> failed     nothing was changed
               |          |           |-> unknown    nobody knows: looked at before anything is answered
               |-> declined, expired <-|

Approval, exactly-once, tasks and the journal are readers of this one value. Nothing here stores it: `state/intents.py` does, and
any store with the methods of `Intents` can. Every change of state is one conditional step: of two processes one takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from flintt_mcp.catalogue.operation import Effect

DAY = 86_400.0
"""For how long what was lost in the middle is looked at, and what is over is kept, seconds."""


class State(StrEnum):
    """Where an intent stands."""

    DRAFT = "draft"
    ASKED = "asked"
    APPROVED = "approved"
    EXECUTING = "executing"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    EXPIRED = "expired"


STEPS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.ASKED, State.EXECUTING, State.EXPIRED}),
    State.ASKED: frozenset({State.ASKED, State.APPROVED, State.DECLINED, State.EXPIRED}),
    State.APPROVED: frozenset({State.EXECUTING, State.EXPIRED}),
    State.EXECUTING: frozenset({State.DONE, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.EXECUTING, State.DONE, State.FAILED}),
}
"""State -> the states that may follow; asked again, it stays asked. From the other four nothing follows."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants done.

    `caller` is a keyed digest of the API's own key: who adds a key for another API is still the same caller. `canonical` are the
    arguments with defaults filled in, in fixed order. `named` is the `intent_id` that the caller gave, or empty. `amount` is what
    it may cost, in `unit`s. `remembered` is for how many seconds after it is done the same call gets the first result.
    """

    caller: str
    tool: str
    effect: Effect
    canonical: str
    named: str = ""
    amount: Decimal | None = None
    unit: str = ""
    remembered: float = 0.0


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One row. Times are seconds since 1970.

    `ends_at` is when it stops to count: a question that nobody answered expires, a result is forgotten. `settles_at` is when the
    API can no longer be at work on an attempt that was begun. `key` is the idempotency key of every attempt. `shown` is the text
    a person is asked with. `reply` is the result of the call, as `face/` would show it, once it is done. `followed` is what is
    known of work that goes on after that, as `calls/following.py` writes it.
    """

    id: str
    wanted: Wanted
    state: State
    key: str
    made_at: float
    changed_at: float
    ends_at: float
    settles_at: float = 0.0
    shown: str = ""
    how: str = ""
    reply: bytes = b""
    followed: bytes = b""

    @property
    def kept_until(self) -> float:
        """When the row may be gone, if nothing more happens to it."""
        return max(self.ends_at, self.changed_at + DAY)


class IntentReused(Exception):
    """An `intent_id` came again with other arguments, or for another tool."""


class OverCap(Exception):
    """What is wanted does not fit into what may be used in a day any more; nothing was taken."""


class Intents(Protocol):
    """Where intents are kept, for all processes of a server."""

    async def claim(
        self, wanted: Wanted, state: State, ends_at: float, settles_at: float = 0.0, most: Decimal | None = None
    ) -> tuple[Intent, bool]:
        """The intent that stands for `wanted` now, and whether it was made by this very call, in `state`.

        Args:
            most: what its caller may use of this tool in a day, in the unit of `wanted`, this one included.

        Raises:
            IntentReused: its `named` stands for something else.
            OverCap: it would be made, and then more than `most` were used.
            CallRefused: the store cannot be used; nothing may be sent.
        """
        ...

    async def standing(self, wanted: Wanted) -> Intent | None:
        """The intent that stands for `wanted` now, if there is one; nothing is made.

        Raises:
            CallRefused: the store cannot be used.
        """
        ...

    async def find(self, id: str, caller: str | None = None) -> Intent | None:
        """The intent of that id; with `caller`, only when it is that caller's."""
        ...

    async def step(
        self,
        intent: Intent,
        after: State,
        *,
        before: Collection[State] | None = None,
        request_id: str = "",
        most: Decimal | None = None,
        **changes: Any,
    ) -> Intent | None:
        """Change its state, or None when it is in none of the states `before` (by default those that may step there).

        Args:
            request_id: of the answer that decided it, by which the API's support knows it.
            most: as for `claim`.
            changes: fields of the row that change with it: `ends_at`, `settles_at`, `shown`, `how`, `reply`.

        Raises:
            OverCap: more than `most` were used by then; it stays as it is.
            CallRefused: the store cannot be used.
        """
        ...

    async def follow(self, intent: Intent, change: Callable[[bytes], bytes | None]) -> Intent | None:
        """Change `followed` to what `change` makes of it, in one transaction; None where that is None, or the row is gone.

        Raises:
            CallRefused: the store cannot be used.
        """
        ...

    async def used(self, wanted: Wanted, since: float) -> Decimal:
        """The sum of the amounts, in the unit of `wanted`, of its caller's other intents of this tool since then that were
        sent, or are. An intent that stands for `wanted` already does not count: nothing is spent again for it.
        """
        ...

    async def by_state(self) -> dict[State, int]:
        """How many intents are kept in each state.

        Raises:
            CallRefused: the store cannot be used.
        """
        ...
