"""The waiting toolset: waits a while until work that takes long is over, for clients that do not follow tasks.

In: the id of such work, as a tool of an API shows it, or the intent that began it. Out: one tool. It looks with the keys of the
call at hand, through every stage, in pauses that grow, and stops when its call does. It changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

import anyio

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.following import PASSING, Following
from flintt_mcp.calls.intent import State
from flintt_mcp.calls.own import OwnIntents, no_intent
from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.calls.standing import Stage, Standing
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.errors import RateLimited, ToolInputError, UnknownTool
from flintt_mcp.offers.waiting_tool import INTENT, MOST, waiting_tool, watched_work

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0
_APPROVE = "call get_approval with this intent"
_INTENTS: Mapping[State, Standing] = {
    State.DRAFT: Standing(stage=Stage.PERSON, said="Nobody was asked about this call yet", next=_APPROVE),
    State.ASKED: Standing(stage=Stage.PERSON, said="A person has not decided about this call yet", next=_APPROVE),
    State.APPROVED: Standing(
        stage=Stage.PERSON, said="A person approved this call; it was not done yet", next=_APPROVE
    ),
    State.EXECUTING: Standing(stage=Stage.WORKING, said="The call is being done"),
    State.DONE: Standing(
        stage=Stage.DONE, said="The call is done", next="call get_approval with this intent for its result"
    ),
    State.FAILED: Standing(stage=Stage.FAILED, said="The call failed, and nothing was changed"),
    State.UNKNOWN: Standing(
        stage=Stage.FAILED,
        said="The answer to this call was lost",
        next="make the same call again: the server looks first",
    ),
    State.DECLINED: Standing(stage=Stage.FAILED, said="The person declined this call: nothing was sent"),
    State.EXPIRED: Standing(stage=Stage.FAILED, said="Nobody approved this call in time: nothing was sent"),
}
"""What to say of an intent that began no work that goes on."""

Look = Callable[[], Awaitable[Standing]]


def wait_for(toolsets: Iterable[Toolset], looks: Looks) -> Tool:
    """The tool wait_for, for the work that operations of these toolsets show."""
    shows = {watched.noun: name for name, watched in watched_work(toolsets)}
    return waiting_tool(toolsets, WaitFor(looks, shows).handle)


class Looks:
    """Looks at work, by calls that `run` runs through every stage; `now` is the clock on the wall."""

    def __init__(
        self,
        own: OwnIntents,
        following: Following,
        run: Callable[[Call], Awaitable[Reply]],
        now: Callable[[], float],
    ) -> None:
        self._own = own
        self._following = following
        self._run = run
        self._now = now

    def at(self, call: Call, shows: Mapping[str, str]) -> Look:
        """What looks at the work that a call names: by its intent, or as the tool shows it to which `shows` maps its name.

        Raises:
            ToolInputError: it names none, or several.
        """
        named = [name for name in (INTENT, *shows) if name in call.arguments]
        if len(named) != 1:
            names = " or ".join((*shows, INTENT))
            raise ToolInputError(f"name one thing to wait for: {names}", advice="call again with one of them")
        return lambda: self._intent(call) if named == [INTENT] else self._shown(call, named[0], shows[named[0]])

    async def _shown(self, call: Call, noun: str, name: str) -> Standing:
        """Where work stands by the tool that shows it.

        Raises:
            FlinttError: it cannot be read.
        """
        tool = self._own.tool(name)
        if tool is None or tool.watched is None:
            raise UnknownTool(f"{name} is switched off here, and only it shows this")
        given = {tool.watched.arg.name: call.arguments[noun], **tool.watched.aside}
        match await self._run(Call(tool, given, call.caller, call.channel)):
            case Done() as done:
                return tool.watched.stands(done)
            case Refused(error=error):
                raise error
            case Ask():
                raise TypeError("a tool that shows work asks nothing")

    async def _intent(self, call: Call) -> Standing:
        """Where an intent stands, or the work that it began."""
        id = call.arguments[INTENT]
        task = await self._following.find(id, call.caller, call.channel)
        if task is not None:
            task = await self._following.look(task)
            if task.trouble is not None:
                raise task.trouble
            return task.followed.standing
        its_call = await self._own.call(id, call.caller, call.channel)
        if its_call is None or its_call.intent is None:
            raise no_intent()
        intent = its_call.intent
        late = intent.state in (State.DRAFT, State.ASKED, State.APPROVED) and intent.ends_at <= self._now()
        return _INTENTS[State.EXPIRED if late else intent.state]


class WaitFor:
    """Waits. `clock` only goes forward, in seconds."""

    def __init__(
        self,
        looks: Looks,
        shows: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._looks = looks
        self._shows = shows
        self._clock = clock
        self._sleep = sleep

    async def handle(self, call: Call) -> Reply:
        """Where the work stands, once it does not go on by itself or the time is over.

        Raises:
            ToolInputError: it names nothing to wait for.
            FlinttError: the first look failed, or a later one in a way that lasts.
        """
        look, seconds = self._looks.at(call, self._shows), call.arguments.get("seconds", MOST)
        standing, end, pause = await look(), self._clock() + seconds, _FIRST_PAUSE
        while standing.stage is Stage.WORKING and (left := end - self._clock()) > 0:
            await call.channel.progress(seconds - left, seconds, standing.said)
            await self._sleep(min(pause, left))
            pause = min(_LONGEST_PAUSE, pause * 1.5)
            try:
                standing = await look()
            except PASSING as error:
                # It may be over at the next look; a limit says itself when that is worth it.
                pause = max(pause, (error.retry_after or 0.0) if isinstance(error, RateLimited) else 0.0)
        return _told(standing)


def _told(standing: Standing) -> Done:
    """The result: where it stands, what to do, and the record that says so."""
    message = f"{standing.said.rstrip('.')}."
    next = standing.next or ("call wait_for again" if standing.stage is Stage.WORKING else "")
    told = {"state": standing.stage.value, "message": message}
    told |= {"next": next} if next else {}
    result = {} if standing.told is None else {"result": standing.told.structured}
    return Done("\n".join(filter(None, (message, next and f"Next: {next}."))), {**told, **result})
