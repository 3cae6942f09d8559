"""All tools that are on, by name and in order, and which of them one caller sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.arguments.names import close_names, shown_name
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import UnknownTool


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

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def visible_to(self, caller: Caller) -> list[Tool]:
        """The tools this caller may see, in order."""
        seen = [tool for tool in self._tools.values() if is_visible(tool, caller)]
        return seen if self._hidden is None else [tool for tool in seen if not self._hidden(tool, caller)]

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def offers(self, names: Iterable[str], caller: Caller) -> bool:
        """Whether all tools of these names are on, and left on by the caller."""
        tools = [self._tools.get(name) for name in names]
        return all(tool is not None and is_visible(tool, caller) for tool in tools)

    def find(self, name: str, caller: Caller) -> Tool:
        """The tool of that name.

        Raises:
            UnknownTool: there is none for this caller; the message says why or names close ones.
        """
        tool = self._tools.get(name)
        if tool is not None:
            check_visible(tool, caller)
            return tool
        if name in self._off:
            raise UnknownTool(
                f"{name} is switched off here: {self._off[name]}",
                advice="tell the person; only the operator of this server can switch it on",
            )
        close = close_names(name, [tool.name for tool in self.visible_to(caller)], 3)
        hint = f"did you mean {' or '.join(close)}?" if close else "tools/list names those that are on"
        raise UnknownTool(f"Unknown tool: {shown_name(name)}", advice=hint)


@cache
def no_tool() -> Tool:
    """What is called in place of a name that no tool has: refused as well, and seen by those who watch calls end."""
    return Tool(
        name="unknown",
        title="No tool",
        about="Refuses every call.",
        effect=Effect.READ,
        toolset="",
        arguments=Arguments("unknown", ()),
        handle=_refuse,
    )


async def _refuse(call: Call) -> Reply:
    raise UnknownTool("There is no tool of that name")


def is_visible(tool: Tool, caller: Caller) -> bool:
    """Whether the caller's own narrowing leaves this tool on."""
    return caller.narrowing is None or not caller.narrowing.leaves_out(tool)


def check_visible(tool: Tool, caller: Caller) -> None:
    """Let a tool pass that the caller's own narrowing leaves on.

    Raises:
        UnknownTool: it does not; the message says what of the request left it out.
    """
    if caller.narrowing is not None and (why := caller.narrowing.leaves_out(tool)):
        raise UnknownTool(
            f"{tool.name} is off for this request: {why}",
            advice="tell the person; it is set where the client keeps the URL and headers of this server",
        )
