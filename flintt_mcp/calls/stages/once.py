"""Stage: a write is done once, however often it is asked for, and an answer that was lost is looked for.

In: a call that writes, maybe with the intent that a person approved. Out: the reply of the one time it was done. A call that
comes again while it runs waits for the same reply; afterwards it gets that reply and the sentence that nothing was done again.
Where nobody knows whether it was done, the API is looked at before anything is answered. Reads pass untouched.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import anyio
import msgspec
from msgspec.structs import replace

from flintt_mcp.calls.call import INTENT, Call, Next
from flintt_mcp.calls.intent import DAY, Intent, IntentReused, Intents, State, Wanted
from flintt_mcp.calls.looking import Found, Looked
from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import CallRefused, FlinttError, NotFound, ToolInputError, UpstreamError

logger = logging.getLogger(__name__)

AGAIN = "This is the result of the first call; nothing was done again."
FOUND = "The answer had been lost, so the server looked: it was done, and this is what is there."
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5


class Once:
    """Holds every write to one time.

    Args:
        remembered: effect -> for how many seconds after it is done the same call gets the first result, a day where it was named;
            a call of any other effect only joins one that runs.
        longest: seconds after which the API can no longer be at work on an attempt.
        now: the clock on the wall, seconds since 1970.
    """

    def __init__(
        self,
        intents: Intents,
        remembered: Mapping[Effect, float],
        longest: float,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._intents = intents
        self._remembered = remembered
        self._longest = longest
        self._now = now
        self._sleep = sleep

    def concerns(self, tool: Tool) -> bool:
        return not tool.effect.reads

    async def __call__(self, call: Call, next: Next) -> Reply:
        if call.writer is None:
            return await next(call)
        if call.tool.runs:
            return await self._through(call, next)
        # A client that goes away does not cut a write in the middle. Each attempt keeps its time-out.
        with anyio.CancelScope(shield=True):
            reply = await self._write(call, next)
        return reply  # noqa: RET504 (as far as types tell, a scope may swallow what is raised in it)

    async def _through(self, call: Call, next: Next) -> Reply:
        """A call that is many writes: each of them is held to one time by itself, so that it may come again and go on.

        Its own intent says that it was begun, which is what a person approved.
        """
        intent, ours = await self._take(call)
        try:
            reply = await next(replace(call, intent=intent))
        except FlinttError as error:
            if ours and error.changed == "no":
                await self._note(intent, State.FAILED, ends_at=self._now())
            raise
        return await self._keep(intent, reply) if isinstance(reply, Done) else reply

    async def _write(self, call: Call, next: Next) -> Reply:
        """Do it, if it is this call's to do, else answer for whoever does it or did it."""
        intent, ours = await self._take(call)
        if ours:
            return await self._run(call, intent, next)
        return await self._again(call, await self._settled(intent), next)

    async def _take(self, call: Call) -> tuple[Intent, bool]:
        """The intent of this call, and whether this call has it to do."""
        settles_at = self._now() + self._longest
        if call.intent is not None:
            return await self._taken(call.intent, State.APPROVED, settles_at, call.most_per_day)
        wanted = wanted_by(call, self._remembered)
        ends_at = settles_at + wanted.remembered
        try:
            return await self._intents.claim(wanted, State.EXECUTING, ends_at, settles_at, call.most_per_day)
        except IntentReused:
            raise stands_for_another() from None

    async def _taken(
        self, intent: Intent, before: State, settles_at: float, most: Decimal | None = None
    ) -> tuple[Intent, bool]:
        """The intent, to be done here if it was in that state; whatever else it is in, it is not done a second time for that."""
        taken = await self._intents.step(intent, State.EXECUTING, before={before}, most=most, settles_at=settles_at)
        return (taken, True) if taken is not None else (await self._latest(intent), False)

    async def _latest(self, intent: Intent) -> Intent:
        return await self._intents.find(intent.id) or intent

    async def _run(self, call: Call, intent: Intent, next: Next, *, again: bool = False) -> Reply:
        try:
            reply = await next(replace(call, intent=intent))
        except FlinttError as error:
            if again and isinstance(error, NotFound) and call.tool.gone is not None:
                return await self._keep(intent, _noted(call.tool.gone, FOUND))
            if (found := await self._failed(call, intent, error, again)) is None:
                raise
            return found
        except BaseException:
            await self._note(intent, State.UNKNOWN)
            raise
        match reply:
            case Done():
                return await self._keep(intent, reply)
            case Refused():
                return await self._failed(call, intent, reply.error, again) or reply
            case Ask():
                raise TypeError("a question of a tool that writes comes before its intent is taken")

    async def _failed(self, call: Call, intent: Intent, error: FlinttError, again: bool) -> Done | None:
        """Note how an attempt failed; the result all the same, where the answer was lost and the API has what was wanted."""
        if again and error.changed == "no":  # this attempt changed nothing; the lost one before it may have
            error.changed = "unknown"
        if error.changed == "no":
            await self._note(intent, State.FAILED, ends_at=self._now(), request_id=_request_id(error))
            return None
        await self._note(intent, State.UNKNOWN, request_id=_request_id(error))
        if call.tool.repeatable:
            return None
        looked = await self._look(replace(call, intent=intent))
        if isinstance(looked, Found):
            return await self._keep(intent, _noted(looked.done, FOUND))
        if looked == "not there":
            error.advice = self._what_next(call, intent, looked)
        return None

    async def _keep(self, intent: Intent, done: Done) -> Done:
        """The reply, kept for those who ask again."""
        ends_at = self._now() + intent.wanted.remembered
        done = replace(done, intent=intent.id)
        reply = b"" if done.shown_once else msgspec.json.encode(done)
        await self._note(intent, State.DONE, ends_at=ends_at, reply=reply, request_id=done.request_id)
        return done

    async def _note(self, intent: Intent, state: State, **changes: Any) -> None:
        """Note how it went. What was done is done, also when the store fails now: the row then waits to be looked at."""
        try:
            await self._intents.step(intent, state, **changes)
        except FlinttError:
            logger.exception("%s: its end could not be noted, so the next call looks for it", intent.wanted.tool)

    async def _again(self, call: Call, intent: Intent, next: Next) -> Reply:
        """The reply to a call that is not the first of its intent; nobody is at work on that any more."""
        match intent.state:
            case State.DONE if not intent.reply:
                return Refused(
                    CallRefused(
                        "This was done before, and its result held a secret that is shown once: nothing was done again",
                        advice="use what was shown then, or call again with a new intent_id for another one",
                    )
                )
            case State.DONE:
                return _noted(msgspec.json.decode(intent.reply, type=Done), AGAIN)
            case State.EXECUTING | State.UNKNOWN:  # whoever ran it died, or lost the answer
                return await self._resume(call, intent, next)
            case _:  # it failed while this call waited for it, and nothing was changed
                return await self._anew(call, next)

    async def _settled(self, intent: Intent) -> Intent:
        """The intent once nobody is at work on it, or once the time of an attempt is over."""
        pause = _FIRST_PAUSE
        while intent.state is State.EXECUTING and self._now() < intent.settles_at:
            await self._sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)
            intent = await self._latest(intent)
        return intent

    async def _resume(self, call: Call, intent: Intent, next: Next) -> Reply:
        """Go on with an intent of which nobody knows whether it was done."""
        if call.tool.repeatable:  # the API itself tells a second attempt by its key
            taken, ours = await self._taken(await self._unknown(intent), State.UNKNOWN, self._now() + self._longest)
            return await (
                self._run(call, taken, next, again=True)
                if ours
                else self._again(call, await self._settled(taken), next)
            )
        over = self._now() >= intent.settles_at  # as the look begins: what it did not see may be there when it ends
        looked = await self._look(replace(call, intent=intent))
        intent = await self._unknown(intent)
        if isinstance(looked, Found):
            return await self._keep(intent, _noted(looked.done, FOUND))
        if looked == "not there" and over:
            await self._note(intent, State.FAILED, ends_at=self._now())
            return await self._anew(call, next)
        return Refused(
            CallRefused(
                "The answer to this call was lost, and nobody knows yet whether it was done",
                changed="unknown",
                advice=self._what_next(call, intent, looked),
            )
        )

    async def _unknown(self, intent: Intent) -> Intent:
        """The intent of somebody who died in the middle, said to be unknown."""
        return await self._intents.step(intent, State.UNKNOWN) or await self._latest(intent)

    async def _anew(self, call: Call, next: Next) -> Reply:
        """What was not done is done now, unless a person has to be asked again."""
        if call.intent is None:
            return await self._write(call, next)
        return Refused(
            CallRefused(
                "It was approved and not done: nothing was changed", advice="call again; a person is asked anew"
            )
        )

    async def _look(self, call: Call) -> Looked:
        try:
            return await call.tool.look(call) if call.tool.look is not None else "cannot tell"
        except FlinttError:
            return "cannot tell"

    def _what_next(self, call: Call, intent: Intent, looked: Looked) -> str:
        wait = math.ceil(intent.settles_at - self._now())
        if looked == "not there" and wait > 0:
            return f"it is not there yet, and the API may still be at work: wait {wait} s, then call again with the same arguments"
        return "look with the list tool whether it was done, and call again with a new intent_id only if it was not"


def stands_for_another() -> ToolInputError:
    """An intent_id that was given for other arguments, or another tool."""
    return ToolInputError(
        f"{INTENT}: stands for another call already",
        advice="take a new intent_id for another intent, or leave it out",
    )


def wanted_by(call: Call, remembered: Mapping[Effect, float]) -> Wanted:
    """What a call wants done, as its row knows it; `remembered` is as for `Once`.

    What a caller named is remembered for as long as the name stands for it: whoever goes on with it then gets what was done.
    """
    assert call.writer is not None
    named, effect = call.arguments.get(INTENT, ""), call.tool.effect
    seconds = remembered.get(effect, 0.0)
    return Wanted(
        caller=call.writer,
        tool=call.tool.name,
        effect=effect,
        canonical=call.canonical,
        named=named,
        amount=Decimal(str(call.arguments[call.tool.amount])) if call.tool.amount else None,
        unit=call.tool.unit,
        remembered=max(seconds, DAY) if (named and effect in remembered) or call.tool.runs else seconds,
    )


def _request_id(error: FlinttError) -> str:
    return (error.request_id or "") if isinstance(error, UpstreamError) else ""


def _noted(done: Done, note: str) -> Done:
    """The reply, with a sentence that both of its forms tell."""
    structured = None if done.structured is None else {**done.structured, "note": note}
    return replace(done, text="\n".join(filter(None, (done.text, note))), structured=structured)
