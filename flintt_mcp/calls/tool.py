"""What a tool is: a value that describes itself and knows how it is done.

In: what the rooms that offer tools say of each. Out: its description as `tools/list` tells it; every hint follows from its effect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.catalogue.operation import Effect

if TYPE_CHECKING:
    from flintt_mcp.calls.call import Call
    from flintt_mcp.calls.looking import Looked
    from flintt_mcp.calls.reply import Done, Reply
    from flintt_mcp.calls.standing import Begun, Watched


@dataclass(frozen=True, eq=False)
class Tool:
    """One tool, self-describing.

    `api` names the REST API whose key it needs; None makes it public. `long_lived` tools may ask the client or show progress, so
    their calls need a stream. `look` says whether a write whose answer was lost was done. A `repeatable` one may simply be sent
    again: its API tells attempts by their key, or a second time changes nothing more. `gone` is the result of a deletion that such
    a second attempt finds done. `amount` is the argument that holds how much is spent, in `unit`s. `facts` gives the text a person
    is asked with; one that `replaces` what was there is asked about like deletion. `twin` says what is there already of what a call
    would add: "" where there is nothing. One that `runs` others is many writes, each an ordinary call of theirs with an intent of
    its own: a person is asked once, about all of them. `begins` is work that goes on after the call, `watched` such work that this
    tool shows.
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
    runs: tuple[str, ...] = ()
    long_lived: bool = False
    look: Callable[[Call], Awaitable[Looked]] | None = field(default=None, repr=False)
    repeatable: bool = False
    gone: Done | None = field(default=None, repr=False)
    amount: str = ""
    unit: str = ""
    replaces: bool = False
    twin: Callable[[Call], Awaitable[str]] | None = field(default=None, repr=False)
    facts: Callable[[Call], Awaitable[str]] | None = field(default=None, repr=False)
    begins: Begun | None = field(default=None, repr=False)
    watched: Watched | None = field(default=None, repr=False)

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
            "inputSchema": self.arguments.told,
            "annotations": {"title": self.title, **self.hints},
        }
        return {**described, "outputSchema": dict(self.output_schema)} if self.output_schema else described

    @cached_property
    def encoded(self) -> msgspec.Raw:
        """The same, written once: lists are asked for often, and schemas are most of what they hold."""
        return msgspec.Raw(msgspec.json.encode(self.wire))
