"""The approvals toolset: whether a person approved a call, and if so its result.

In: the intents, and the pipeline that every call runs through. Out: one tool. It shows an intent only to the caller whose it
is, and runs it with the keys of the call at hand, through every stage. Nothing here approves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import msgspec

from flintt_mcp.calls.approvals import Approvals
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.intent import Intent, Intents, State
from flintt_mcp.calls.own import OwnIntents, no_intent
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.approval import not_approved
from flintt_mcp.calls.tool import Tool
from flintt_mcp.errors import CallRefused
from flintt_mcp.offers.approval_tool import approval_tool

_PAUSE = 1.0


class GetApproval:
    """The tool get_approval. `run` runs a call through the pipeline."""

    def __init__(
        self,
        intents: Intents,
        approvals: Approvals,
        own: OwnIntents,
        run: Callable[[Call], Awaitable[Reply]],
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._intents = intents
        self._approvals = approvals
        self._owned = own
        self._run = run
        self._sleep = sleep

    @property
    def tool(self) -> Tool:
        """The tool as a client sees it."""
        return approval_tool(self.handle)

    async def handle(self, call: Call) -> Reply:
        """The result of the call that was approved, or where its approval stands.

        Raises:
            ToolInputError: no intent of that id is this caller's.
            CallRefused: it was declined, or is too old.
        """
        intent, its_call = await self._own(call)
        for second in range(call.arguments.get("wait", 0)):
            if not self._approvals.waits(intent):
                break
            await call.channel.progress(second, call.arguments["wait"], "waiting for the person to decide")
            await self._sleep(_PAUSE)
            intent = await self._intents.find(intent.id) or intent
        if self._approvals.waits(intent):
            text = "The person has not decided yet: nothing was sent. Call get_approval again later."
            return Done(text=text, structured={"state": intent.state.value})
        if intent.state in (State.DRAFT, State.ASKED, State.DECLINED, State.EXPIRED):
            return Refused(not_approved(intent))
        return _handed_on(await self._run(msgspec.structs.replace(its_call, intent=intent)))

    async def _own(self, call: Call) -> tuple[Intent, Call]:
        """The intent of that id, and the call it stands for, with the keys of the call at hand."""
        its_call = await self._owned.call(call.arguments["intent"], call.caller, call.channel)
        if its_call is None or its_call.intent is None:
            raise no_intent()
        return its_call.intent, its_call


def _handed_on(reply: Reply) -> Reply:
    """The reply of the call itself, in the form of this tool."""
    match reply:
        case Done(structured=structured):
            told = {"state": State.DONE.value, **({} if structured is None else {"result": structured})}
            return msgspec.structs.replace(reply, structured=told)
        case Refused():
            return reply
        case _:
            return Refused(
                CallRefused("A person has to be asked again: nothing was sent", advice="make the call again")
            )
