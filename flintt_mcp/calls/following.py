"""Follows work that goes on after its call: where it stands, from the API or from the intent's row, for every process alike.

In: an intent whose call is done, and the keys of whoever asks now: none is kept, so nothing is looked at unasked. Out: where the
work stands, kept with the intent. Of many who ask one looks, no sooner than half a pause after the last look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from flintt_mcp.calls.call import Call, Channel
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.intent import Intent, Intents, State
from flintt_mcp.calls.inventory import is_visible
from flintt_mcp.calls.own import OwnIntents, no_intent
from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.calls.standing import Begun, Followed, Stage, Standing, Watched
from flintt_mcp.errors import Busy, FlinttError, RateLimited, StoreFailed, Unavailable, Unreachable
from flintt_mcp.text import excerpt

PASSING = (Busy, StoreFailed, RateLimited, Unavailable, Unreachable)
"""Errors of a look that say nothing about the work, and that may be over at the next look."""
_LONGEST = 300


class Task(msgspec.Struct, frozen=True):
    """Work that somebody follows: the intent that began it, its call with the keys of whoever asks, and what is known of it.

    `trouble` is why the last look showed nothing new.
    """

    intent: Intent
    call: Call
    followed: Followed
    trouble: FlinttError | None = None

    @property
    def begun(self) -> Begun:
        """What its tool says of it."""
        assert self.call.tool.begins is not None
        return self.call.tool.begins

    @property
    def watched(self) -> Watched:
        """What the tool that shows it says of it."""
        assert self.begun.by.watched is not None
        return self.begun.by.watched


Change = Callable[[Followed], Followed | None]


class Following:
    """Finds, looks at, answers and calls off. `run` runs a call through every stage; `now` is the clock on the wall.

    Each method raises `CallRefused` when the store cannot be used.
    """

    def __init__(
        self,
        intents: Intents,
        own: OwnIntents,
        run: Callable[[Call], Awaitable[Reply]],
        now: Callable[[], float],
    ) -> None:
        self._intents = intents
        self._own = own
        self._run = run
        self._now = now

    async def find(self, id: str, caller: Caller, channel: Channel) -> Task | None:
        """The work that the intent of that id began, as it was last seen.

        None where there is none for this caller, or no more, or where this caller does not see the tool that shows it.
        """
        call = await self._own.call(id, caller, channel)
        if call is None or call.tool.begins is None or call.intent is None:
            return None
        if not is_visible(call.tool.begins.by, caller):
            return None
        intent = call.intent
        if intent.state is not State.DONE or not intent.reply or self._now() >= intent.kept_until:
            return None
        return Task(intent, call, _followed(intent))

    async def look(self, task: Task) -> Task:
        """The same work as it stands now, or as somebody saw it a moment ago.

        Raises:
            ToolInputError: it is forgotten by now.
            FlinttError: it cannot be read, and the next look will not do better; what is known stays as it was.
        """
        if self._now() >= task.intent.kept_until:
            raise no_intent()
        try:
            turn = await self._change(task, self._turn(task.watched.pause))
            if turn is None:
                return await self._latest(task)
            standing = await self._read(turn)
            return await self._change(task, self._seen(standing)) or await self._latest(task)
        except PASSING as error:
            return replace(task, trouble=error)

    async def answer(self, task: Task, answers: Mapping[str, Any]) -> None:
        """Keep the answers to questions that are open, and look anew when next asked; any others say nothing."""

        def answered(known: Followed) -> Followed | None:
            told = {name: answer for name, answer in answers.items() if name in known.open_requests}
            return replace(known, answers={**known.answers, **told}, looked_at=0.0) if told else None

        await self._change(task, answered)

    async def call_off(self, task: Task) -> None:
        """Note that nobody wants it any more, and end it where it is this server's own work."""

        def called_off(known: Followed) -> Followed | None:
            if known.standing.stage.over or known.called_off:
                return None
            off = replace(known, called_off=True)
            ended = Standing(stage=Stage.CALLED_OFF, said="It was called off.")
            return replace(off, standing=ended, since=self._now()) if task.begun.stops else off

        await self._change(task, called_off)

    def _turn(self, pause: float) -> Change:
        """Takes the turn to look, unless it is over or somebody looked just now."""
        now = self._now()

        def turn(known: Followed) -> Followed | None:
            soon = now - known.looked_at < pause / 2
            return None if known.standing.stage.over or soon else replace(known, looked_at=now)

        return turn

    def _seen(self, standing: Standing) -> Change:
        """What is known after a look, unless it is over by now."""
        now = self._now()

        def seen(known: Followed) -> Followed | None:
            before = known.standing
            same = (before.stage, before.said) == (standing.stage, standing.said)
            return None if before.stage.over else replace(known, standing=standing, since=known.since if same else now)

        return seen

    async def _read(self, task: Task) -> Standing:
        """Where the work stands by its tool.

        Raises:
            FlinttError: it cannot be read.
        """
        given = task.begun.given(_first(task.intent))
        caller, channel, answers = task.call.caller, task.call.channel, task.followed.answers
        match await self._run(Call(task.begun.by, given, caller, channel, answers, intent=task.intent)):
            case Done() as done:
                return task.watched.stands(done)
            case Refused(error=error):
                raise error
            case Ask():
                raise TypeError("a tool that shows work asks nothing")

    async def _change(self, task: Task, change: Change) -> Task | None:
        """The work after a change, or None when that changed nothing."""

        def changed(row: bytes) -> bytes | None:
            known = change(_decoded(row) if row else task.followed)
            return None if known is None else _encode(known)

        intent = await self._intents.follow(task.intent, changed)
        return None if intent is None else replace(task, intent=intent, followed=_followed(intent))

    async def _latest(self, task: Task) -> Task:
        intent = await self._intents.find(task.intent.id)
        if intent is None:
            raise no_intent()
        return replace(task, intent=intent, followed=_followed(intent))


_encode = msgspec.json.Encoder().encode
_decoded = msgspec.json.Decoder(Followed).decode
_first_of = msgspec.json.Decoder(Done).decode


def _first(intent: Intent) -> Done:
    return _first_of(intent.reply)


def _followed(intent: Intent) -> Followed:
    """What is known of the work; at first that its call was done."""
    if intent.followed:
        return _decoded(intent.followed)
    said = excerpt(_first(intent).text, _LONGEST)
    return Followed(standing=Standing(stage=Stage.WORKING, said=said), since=intent.changed_at)
