"""The approvals toolset: whether a person approved a call, and if so its result.

In: the intents, and the pipeline that every call runs through. Out: one tool. It shows an intent only to the caller whose it
is, and runs it with the keys of the call at hand, through every stage. Nothing here approves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import msgspec

from flintt_mcp.calls.approvals import Approvals
from flintt_mcp.calls.call import INTENT, Call
from flintt_mcp.calls.intent import Intent, Intents, State
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.approval import not_approved
from flintt_mcp.calls.tool import Tool
from flintt_mcp.errors import CallRefused, ToolInputError
from flintt_mcp.offers.approval_tool import approval_tool

_PAUSE = 1.0


class GetApproval:
    """The tool get_approval. `find` gives a tool by name, `run` runs a call through the pipeline."""

    def __init__(
        self,
        intents: Intents,
        approvals: Approvals,
        find: Callable[[str], Tool | None],
        run: Callable[[Call], Awaitable[Reply]],
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._intents = intents
        self._approvals = approvals
        self._find = find
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
        intent = await self._intents.find(call.arguments["intent"])
        tool = None if intent is None else self._find(intent.wanted.tool)
        if intent is not None and tool is not None:
            its_call = Call(tool, _arguments(tool, intent), call.caller, call.channel)
            if its_call.writer == intent.wanted.caller:
                return intent, its_call
        raise ToolInputError(
            "intent: there is none of that id for this key",
            advice="take it from the answer that said approval_required, or make the call again; a day later it is forgotten",
        )


def _arguments(tool: Tool, intent: Intent) -> dict[str, Any]:
    """What the intent's call was given; a default means the same when it is left out, and is never sent."""
    defaults = {arg.name: arg.default for arg in tool.arguments.args}
    meant: dict[str, Any] = msgspec.json.decode(intent.wanted.canonical)
    given = {name: value for name, value in meant.items() if defaults[name] is None or value != defaults[name]}
    return {**given, INTENT: intent.wanted.named} if intent.wanted.named else given


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
