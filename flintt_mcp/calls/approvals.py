"""What a person decides about a call that waits: shown, and decided once, wherever that person is.

In: an intent that was asked about. Out: what was shown of it, and its state after the decision. Who may decide is judged by those
who ask: the page wants the operator's secret, the command a terminal. No tool leads here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flintt_mcp.calls.intent import Intent, Intents, State

SECONDS = 600.0
"""For how long a question waits for its answer, and an approval for its call."""
How = Literal["form", "page", "terminal", "yes"]
"""Where it was decided; `yes` is a script of a person who said so before."""


class Approvals:
    """The decisions of people. `now` is the clock on the wall."""

    def __init__(self, intents: Intents, now: Callable[[], float]) -> None:
        self._intents = intents
        self._now = now

    async def waiting(self, id: str) -> Intent | None:
        """The intent of that id, while it waits for a person.

        Raises:
            CallRefused: the store cannot be used.
        """
        intent = await self._intents.find(id)
        return intent if intent is not None and self.waits(intent) else None

    def waits(self, intent: Intent) -> bool:
        """Whether a person can still decide about it."""
        return intent.state is State.ASKED and intent.ends_at > self._now()

    async def decide(self, intent: Intent, how: How, *, approved: bool) -> Intent | None:
        """The intent as it was decided; None when it waits no more, so that nothing was decided.

        Raises:
            CallRefused: the store cannot be used.
        """
        after = State.APPROVED if approved else State.DECLINED
        ends_at = self._now() + (SECONDS if approved else 0.0)
        return await self._intents.step(intent, after, before={State.ASKED}, how=how, ends_at=ends_at)
