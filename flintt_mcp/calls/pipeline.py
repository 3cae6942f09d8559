"""The one pipeline of stages that every call runs through, from every transport and from the shell.

    Call -> stage -> stage -> ... -> Tool.handle -> Reply = Done | Ask | Refused

A stage may look at the call, replace it, answer for it or pass it on; the order of stages is decided in `app.py`. A call passes
those that its tool concerns: a read no stage of writes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from flintt_mcp.calls.call import Call, Next, Stage
from flintt_mcp.calls.reply import Refused, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.errors import Changed, FlinttError

logger = logging.getLogger(__name__)


class Pipeline:
    """Runs calls through the stages and then the tool's own handle; never raises, but for cancellation."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._asking = [stage.may_ask for stage in stages if hasattr(stage, "may_ask")]
        self._stages = tuple(stages)
        self._ways: dict[Tool, Next] = {}

    def may_ask(self, tool: Tool) -> bool:
        """Whether a call of this tool may come back as a question, the tool's own or a stage's, or show progress."""
        return tool.long_lived or any(may_ask(tool) for may_ask in self._asking)

    async def run(self, call: Call) -> Reply:
        """The reply to one call; every failure becomes a `Refused`."""
        try:
            return await (self._ways.get(call.tool) or self._way_of(call.tool))(call)
        except FlinttError as error:
            return Refused(error)
        except Exception:
            # The traceback is for the operator's log; what a client reads must not quote an exception from below.
            logger.exception("%s failed inside the server", call.tool.name)
            changed: Changed = "no" if call.tool.effect.reads else "unknown"
            return Refused(FlinttError("The server failed on this call", changed=changed, advice="tell the operator"))

    def _way_of(self, tool: Tool) -> Next:
        """The stages that calls of this tool pass, and its handle: found once, since no tool changes."""
        run: Next = _handle
        for stage in reversed(self._stages):
            if not hasattr(stage, "concerns") or stage.concerns(tool):
                run = partial(stage, next=run)  # type: ignore[call-arg]  # every stage names its second parameter so
        return self._ways.setdefault(tool, run)


async def _handle(call: Call) -> Reply:
    return await call.tool.handle(call)
