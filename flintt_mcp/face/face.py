"""What this server shows to whom: the one value that every answer of the face is made of. Knows nothing of the SDK.

In: what `app.py` composed, and the SDK's context of a request where there is one. Out: what is on offer, and the `Caller` of
that request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.following import Following
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.offers.prompts import Prompt
from flintt_mcp.offers.resources import Resource, Resources
from flintt_mcp.offers.skills import Skill

if TYPE_CHECKING:
    from flintt_mcp.face.shown import Context, Handler


@dataclass(frozen=True, slots=True)
class Face:
    """What this server shows.

    `caller` is whoever started the process; `sender_of` reads from an HTTP request who sent it, as its transport knows. `extra`
    adds or replaces handlers by method; `state_key` seals what a client carries for us. `listeners` are what ends each stream of
    news that stands open.
    """

    inventory: Inventory
    pipeline: Pipeline
    resources: Resources
    prompts: Sequence[Prompt]
    following: Following
    caller: Caller
    state_key: bytes = field(repr=False)
    instructions: str = ""
    skills: Sequence[Skill] = ()
    extra: Mapping[str, Handler] = field(default_factory=dict)
    sender_of: Callable[[Any], Caller] | None = None
    listeners: set[Callable[[], None]] = field(default_factory=set, repr=False)

    def end_listeners(self) -> None:
        """End every stream of news in good order, since the server stops."""
        for end in list(self.listeners):
            end()

    def caller_of(self, ctx: Context) -> Caller:
        """Who sent this request: its own credentials over HTTP, else whoever started the process.

        An HTTP request that nobody read a caller from fails: it must never count as whoever started the process.
        """
        if ctx.request is None:
            return self.caller
        if self.sender_of is None:
            raise LookupError("no transport said who sends its requests")
        return self.sender_of(ctx.request)

    def shows(self, row: Prompt | Resource | Skill, caller: Caller) -> bool:
        """Whether a caller sees a prompt, a resource or a skill: only with all tools that it needs."""
        return self.inventory.offers(row.needs, caller)
