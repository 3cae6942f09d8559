"""What a tool is, and the one pipeline of stages that every call runs through, from every transport and from the shell.

    Call -> stage -> stage -> ... -> Tool.handle -> Reply = Done | Ask | Refused

A stage may look at the call, replace it, answer for it or pass it on; the order of stages is decided in `app.py`. A reply
says nothing about the MCP protocol: `face/` renders it for the client's revision, `cli/` for a terminal.
"""

from __future__ import annotations

import difflib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, Protocol

import msgspec

from flintt_mcp.arguments import Arguments, shown_name
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.credentials import Caller, ChannelKind
from flintt_mcp.errors import CallRefused, Changed, FlinttError, UnknownTool

logger = logging.getLogger(__name__)

LogLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
INTENT = "intent_id"
"""The argument that tells two deliberate calls with equal arguments apart."""
ASIDE = frozenset({"limit", "cursor", INTENT})
"""Arguments that choose a page or an intent and are no part of what a call means."""
_NAME_COMPARED = 64
"""Characters of an unknown tool's name that are compared with those there are; clients send no longer ones."""


class Channel(Protocol):
    """The way back to the client while a call runs. `asks` names what the client can be asked for: elicitation, sampling, roots."""

    @property
    def kind(self) -> ChannelKind: ...

    @property
    def asks(self) -> frozenset[str]: ...

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """Show progress, where the client asked for it."""
        ...

    async def log(self, level: LogLevel, data: Any) -> None:
        """Send a log message, where the client asked for it."""
        ...


class QuietChannel(msgspec.Struct, frozen=True):
    """A channel that shows nothing on the way."""

    kind: ChannelKind = "shell"
    asks: frozenset[str] = frozenset()

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        return None

    async def log(self, level: LogLevel, data: Any) -> None:
        return None


class Done(msgspec.Struct, frozen=True):
    """The call did its work.

    `structured` is valid against the tool's output schema and `text` stands on its own. `content`, when given, holds
    ready MCP content blocks (images, resources) and replaces the text.
    """

    text: str = ""
    structured: Mapping[str, Any] | None = None
    content: Sequence[Mapping[str, Any]] | None = None
    changed: Changed = "no"


class Ask(msgspec.Struct, frozen=True):
    """The call needs answers from the client first.

    `requests` maps a name to an MCP input request (`{"method": ..., "params": ...}`). The call runs again with
    `Call.answers` under the same names and with `state` as it was left here.
    """

    requests: Mapping[str, Mapping[str, Any]] = {}
    state: str | None = None


class Refused(msgspec.Struct, frozen=True):
    """The call failed or was not let through; the error says what happened, what was changed and what to do next."""

    error: FlinttError


Reply = Done | Ask | Refused


@dataclass(frozen=True, eq=False)
class Tool:
    """One tool, self-describing.

    `api` names the REST API whose key it needs; None makes it public. `long_lived` tools may ask the client or show
    progress, so their calls need a stream.
    """

    name: str
    title: str
    about: str
    effect: Effect
    toolset: str
    arguments: Arguments
    handle: Callable[[Call], Awaitable[Reply]] = field(repr=False)
    api: str | None = None
    output_schema: Mapping[str, Any] | None = None
    scopes: tuple[str, ...] = ()
    spends: str = ""
    long_lived: bool = False

    @property
    def hints(self) -> dict[str, bool]:
        """The four MCP hints. Only a tool that talks to an API touches the open world."""
        return {
            "readOnlyHint": self.effect.reads,
            "destructiveHint": self.effect.destructive,
            "idempotentHint": self.effect.idempotent,
            "openWorldHint": self.api is not None,
        }

    @cached_property
    def wire(self) -> dict[str, Any]:
        """The tool as `tools/list` tells it."""
        described: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.about,
            "inputSchema": self.arguments.schema,
            "annotations": {"title": self.title, **self.hints},
        }
        return {**described, "outputSchema": dict(self.output_schema)} if self.output_schema else described


class Call(msgspec.Struct, frozen=True):
    """One call of one tool. `arguments` are as the client sent them until the validate stage has passed."""

    tool: Tool
    arguments: Mapping[str, Any]
    caller: Caller
    channel: Channel = QuietChannel()
    answers: Mapping[str, Any] = {}
    state: str | None = None

    @property
    def canonical(self) -> str:
        """What the call means as one text: its arguments in fixed order, without those that are aside."""
        meant = {name: value for name, value in self.arguments.items() if name not in ASIDE}
        return msgspec.json.encode(meant, order="sorted").decode()


Next = Callable[[Call], Awaitable[Reply]]
Stage = Callable[[Call, Next], Awaitable[Reply]]
"""One that may reply `Ask` has a method `may_ask(tool)` that says of which tools; a question nobody announced makes the call run
again on a way that can ask."""


class Inventory:
    """All tools that are on, by name and in order. `off` says of every other known tool why it is not.

    A tool that `hidden` names for a caller is left out of that caller's list, and can be called all the same.
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        off: Mapping[str, str] | None = None,
        hidden: Callable[[Tool, Caller], bool] | None = None,
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._off = dict(off or {})
        self._hidden = hidden

    def __iter__(self) -> Any:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def visible_to(self, caller: Caller) -> list[Tool]:
        """The tools this caller may see, in order."""
        seen = [tool for tool in self._tools.values() if is_visible(tool, caller)]
        return seen if self._hidden is None else [tool for tool in seen if not self._hidden(tool, caller)]

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def find(self, name: str, caller: Caller) -> Tool:
        """The tool of that name.

        Raises:
            UnknownTool: there is none for this caller; the message says why or names close ones.
        """
        tool = self._tools.get(name)
        if tool is not None and is_visible(tool, caller):
            return tool
        if name in self._off:
            raise UnknownTool(f"{name} is switched off here: {self._off[name]}")
        # Cut first: a name is as long as a request may be, and the comparison takes a second for each megabyte of it.
        close = difflib.get_close_matches(name[:_NAME_COMPARED], [tool.name for tool in self.visible_to(caller)], n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "tools/list names those that are on"
        raise UnknownTool(f"Unknown tool: {shown_name(name)}", advice=hint)


def is_visible(tool: Tool, caller: Caller) -> bool:
    """Whether the caller's own narrowing leaves this tool on."""
    return caller.toolsets is None or tool.toolset in caller.toolsets


class Pipeline:
    """Runs calls through the stages and then the tool's own handle; never raises, but for cancellation."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._asking = [stage.may_ask for stage in stages if hasattr(stage, "may_ask")]
        run: Next = _handle
        for stage in reversed(stages):
            run = partial(stage, next=run)  # type: ignore[call-arg]  # every stage names its second parameter so
        self._run = run

    def may_ask(self, tool: Tool) -> bool:
        """Whether a call of this tool may come back as a question, the tool's own or a stage's, or show progress."""
        return tool.long_lived or any(may_ask(tool) for may_ask in self._asking)

    async def run(self, call: Call) -> Reply:
        """The reply to one call; every failure becomes a `Refused`."""
        try:
            return await self._run(call)
        except FlinttError as error:
            return Refused(error)
        except Exception:
            # The traceback is for the operator's log; what a client reads must not quote an exception from below.
            logger.exception("%s failed inside the server", call.tool.name)
            changed: Changed = "no" if call.tool.effect.reads else "unknown"
            return Refused(FlinttError("The server failed on this call", changed=changed, advice="tell the operator"))


async def _handle(call: Call) -> Reply:
    return await call.tool.handle(call)


async def visible(call: Call, next: Next) -> Reply:
    """Stage: a tool that this caller does not see cannot be called either."""
    if not is_visible(call.tool, call.caller):
        raise UnknownTool(f"Unknown tool: {call.tool.name}", advice="tools/list names those that are on")
    return await next(call)


async def validate(call: Call, next: Next) -> Reply:
    """Stage: checks the arguments and hands on only what was set."""
    return await next(msgspec.structs.replace(call, arguments=call.tool.arguments.check(call.arguments)))


class Limit:
    """Stage: bounds how many calls run at once, in all and for one caller."""

    def __init__(self, per_caller: int, total: int) -> None:
        self._per_caller = per_caller
        self._total = total
        self._running: Counter[str] = Counter()
        self._all = 0

    async def __call__(self, call: Call, next: Next) -> Reply:
        who = call.caller.principal
        if self._all >= self._total or self._running[who] >= self._per_caller:
            raise CallRefused(
                "Too many calls are running at once", advice="wait for some of them to end, then try again"
            )
        self._all += 1
        self._running[who] += 1
        try:
            return await next(call)
        finally:
            self._all -= 1
            self._running[who] -= 1
            if not self._running[who]:
                del self._running[who]
