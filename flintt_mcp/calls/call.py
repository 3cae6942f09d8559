"""One call of one tool, the way back to its client, and the shape of a stage that it passes.

In: what a transport or the shell read. Out: values that every stage and handle takes; nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol

import msgspec

from flintt_mcp.calls.caller import Caller, ChannelKind
from flintt_mcp.calls.intent import Intent
from flintt_mcp.calls.meaning import canonical
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool

LogLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
INTENT = "intent_id"
"""The argument that tells two deliberate calls with equal arguments apart."""
ALLOW_DUPLICATE = "allow_duplicate"
"""The argument that adds a row beside one that seems to be the same."""
ASIDE = frozenset({"limit", "cursor", INTENT})
"""Arguments that choose a page or an intent and are no part of what a call means."""


class Channel(Protocol):
    """The way back to the client while a call runs.

    `asks` names what the client can be asked for: elicitation, sampling, roots. `client` is the name that its program gives itself,
    as it came; "" where it said none. `follows` says that it follows work that goes on after a call.
    """

    @property
    def kind(self) -> ChannelKind: ...

    @property
    def asks(self) -> frozenset[str]: ...

    @property
    def client(self) -> str: ...

    @property
    def follows(self) -> bool: ...

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
    client: str = ""
    follows: bool = False

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        return None

    async def log(self, level: LogLevel, data: Any) -> None:
        return None


class Under(msgspec.Struct, frozen=True):
    """What a call is a part of: a call of a tool that `runs` others and passed every stage itself, the approval of a person too.

    Only code of this server says so, never a client. `twin` says what is there already of what a part would add, as `Tool.twin`
    does: one look serves all parts.
    """

    twin: Callable[[Call], Awaitable[str]]


class Call(msgspec.Struct, frozen=True):
    """One call of one tool. `arguments` are as the client sent them until the validate stage has passed.

    `intent` is the row that this call does, once a stage has taken it. `most_per_day` is what its caller may use of its tool in a
    day, in the tool's unit. `under` is the larger call that it is a part of.
    """

    tool: Tool
    arguments: Mapping[str, Any]
    caller: Caller
    channel: Channel = QuietChannel()
    answers: Mapping[str, Any] = {}
    state: str | None = None
    intent: Intent | None = None
    most_per_day: Decimal | None = None
    under: Under | None = None

    @property
    def writer(self) -> str | None:
        """Whose intents a write of this tool belongs to: a keyed digest of the key for its API, or of whoever started this process.

        None where there is neither: such a call cannot write.
        """
        if self.tool.api is None:
            return None
        known = self.caller.principal_for(self.tool.api)
        return known or (None if self.channel.kind == "http" else self.caller.principal)

    @property
    def canonical(self) -> str:
        """What the call means as one text: its arguments, with defaults, without those that are aside."""
        return canonical((arg for arg in self.tool.arguments.args if arg.name not in ASIDE), self.arguments)


Next = Callable[[Call], Awaitable[Reply]]
Stage = Callable[[Call, Next], Awaitable[Reply]]
"""One that may reply `Ask` has a method `may_ask(tool)` that says of which tools; a question nobody announced makes the call run
again on a way that can ask. One that not every tool needs has a method `concerns(tool)`: calls of other tools pass it by."""
