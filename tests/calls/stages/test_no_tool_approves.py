"""No sequence of tool calls alone approves anything: whatever a model calls, with whatever ids it has seen, nothing is deleted.

`FLINTT_APPROVAL_STEPS` says how many calls are made in all; `make soak` makes 100,000.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flintt_mcp.calls.reply import Ask, Done, Refused, Reply

from .test_approval import FORMS, NOTHING, OTHER, PAGES, PERSON, TERMINAL, Server

STEPS = int(os.environ.get("FLINTT_APPROVAL_STEPS", "2000"))
STEPS_IN_A_ROW = 50

CHANNELS = st.sampled_from([FORMS, PAGES, NOTHING, TERMINAL])
CALLERS = st.sampled_from([PERSON, OTHER])
WORDS = st.sampled_from(["", "yes", "true", "approved", "7", "8"])
WISHES = st.dictionaries(
    st.sampled_from(["approve", "confirm", "yes", "force", "intent", "state", "how"]), WORDS, max_size=2
)


class Model(RuleBasedStateMachine):
    """A model that only has tools, and remembers every intent it was told of."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self._portal = self._stack.enter_context(start_blocking_portal())
        self.server = Server(Path(folder))
        self.seen: list[str] = ["int_made_up"]

    def teardown(self) -> None:
        self.server.close()
        self._stack.close()

    @rule(channel=CHANNELS, caller=CALLERS, id=WORDS, wishes=WISHES, named=st.sampled_from(["", "a", "b"]))
    def deletes(self, channel: Any, caller: Any, id: str, wishes: dict[str, str], named: str) -> None:
        more = {**wishes, **({"intent_id": named} if named else {})}
        self._hear(self._portal.call(lambda: self.server.call(channel, caller, id, **more)))

    @rule(caller=CALLERS, which=st.integers(0), wait=st.integers(0, 50), channel=CHANNELS)
    def gets_an_approval(self, caller: Any, which: int, wait: int, channel: Any) -> None:
        intent = self.seen[which % len(self.seen)]
        self._hear(self._portal.call(lambda: self.server.get(intent, caller, wait=wait)))

    @rule(caller=CALLERS, which=st.integers(0))
    def names_an_intent_in_a_call(self, caller: Any, which: int) -> None:
        intent = self.seen[which % len(self.seen)]
        self._hear(self._portal.call(lambda: self.server.call(NOTHING, caller, intent_id=intent)))

    @rule(seconds=st.sampled_from([0.5, 1, 60, 600, 90_000]))
    def waits(self, seconds: float) -> None:
        self.server.clock.forward(seconds=seconds)

    @invariant()
    def nothing_was_deleted(self) -> None:
        assert self.server.deleted == []

    def _hear(self, reply: Reply) -> None:
        """Remember what a model can read of a reply."""
        match reply:
            case Ask():
                assert reply.state is not None
                self.seen.append(reply.state)
            case Refused(error=error):
                self.seen += [word.strip(";") for word in error.message.split() if word.startswith("int_")]
            case Done(structured=structured):
                assert structured == {"state": "asked"}


TestModel = Model.TestCase
TestModel.settings = settings(
    max_examples=max(1, STEPS // STEPS_IN_A_ROW),
    stateful_step_count=STEPS_IN_A_ROW,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
