"""What one request wants to see of the tools that are on: less, never more.

In: headers and query parameters under the names that GitHub's MCP server gave them. Out: a `Narrowing`, which says of a tool
whether it is left on, and if not, what of the request left it out. What the operator switched off is not known here. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from flintt_mcp.calls.arguments.names import close_names

if TYPE_CHECKING:
    from flintt_mcp.calls.tool import Tool

TOOLSETS, TOOLS, EXCLUDED, READ_ONLY = "toolsets", "tools", "exclude_tools", "readonly"
HEADERS = {
    "x-mcp-toolsets": TOOLSETS,
    "x-mcp-tools": TOOLS,
    "x-mcp-exclude-tools": EXCLUDED,
    "x-mcp-readonly": READ_ONLY,
}
"""Header, in small letters -> the query parameter that says the same."""
FIELDS = frozenset(HEADERS.values())
_NO = frozenset({"", "false", "f", "no", "n", "0", "off"})
"""Values of X-MCP-Readonly that ask for nothing; every other one means yes."""


class Narrowing(msgspec.Struct, frozen=True):
    """The tools that a request leaves on: of these toolsets and names (None leaves all), but for some."""

    toolsets: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()
    read_only: bool = False

    def leaves_out(self, tool: Tool) -> str:
        """What of the request leaves the tool out; empty when it is left on."""
        if self.read_only and not tool.effect.reads:
            return "it asks for tools that change nothing (X-MCP-Readonly, ?readonly)"
        if not self.leaves_toolset(tool.toolset):
            return "it names other toolsets (X-MCP-Toolsets, ?toolsets)"
        if self.tools is not None and tool.name not in self.tools:
            return "it names other tools (X-MCP-Tools, ?tools)"
        return "it excludes this one (X-MCP-Exclude-Tools, ?exclude_tools)" if tool.name in self.excluded else ""

    def leaves_toolset(self, name: str) -> bool:
        """Whether the toolset of that name is left on."""
        return self.toolsets is None or name in self.toolsets

    def within(self, other: Narrowing | None) -> Narrowing:
        """What both leave on."""
        return (
            self
            if other is None
            else Narrowing(
                _both(self.toolsets, other.toolsets),
                _both(self.tools, other.tools),
                self.excluded | other.excluded,
                self.read_only or other.read_only,
            )
        )


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


class Narrowings:
    """Reads what requests ask for.

    `toolsets` maps every name that a request may narrow to, groups as well, to the toolsets it means; None for all that is on.
    `tools` are the names of all tools there are, whether or not they are on. Without any, no name is complained about.
    """

    def __init__(
        self, toolsets: Mapping[str, frozenset[str] | None] | None = None, tools: Collection[str] = ()
    ) -> None:
        self._toolsets = dict(toolsets or {})
        self._tools = frozenset(tools)

    def read(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Narrowing | None:
        """What these say, by the names of `FIELDS`; None where they leave everything on.

        Of a header and a parameter that name what to see the header counts; what takes something away counts in both.
        """
        named = {field: _names(headers.get(field, "")) or _names(query.get(field, "")) for field in (TOOLSETS, TOOLS)}
        found = Narrowing(
            self._meant(named[TOOLSETS]),
            frozenset(named[TOOLS]) or None,
            frozenset(_names(headers.get(EXCLUDED, "")) + _names(query.get(EXCLUDED, ""))),
            _is_yes(headers.get(READ_ONLY, "")) or _is_yes(query.get(READ_ONLY, "")),
        )
        return None if found == Narrowing() else found

    def _meant(self, names: Iterable[str]) -> frozenset[str] | None:
        """The toolsets that are named, None for all; an unknown name stays, for no tool."""
        chosen: set[str] = set()
        for name in names:
            meant = self._toolsets.get(name, frozenset({name}))
            if meant is None:
                return None
            chosen |= meant
        return frozenset(chosen) or None

    def unknown(self, narrowing: Narrowing | None) -> str:
        """What to tell a request that names what does not exist: the names that do. Empty when all is well."""
        if narrowing is None:
            return ""
        if self._toolsets and narrowing.toolsets and not narrowing.toolsets <= self._toolsets.keys():
            return f"A toolset that the request names does not exist; there are {', '.join(self._toolsets)}"
        unknown = sorted(((narrowing.tools or frozenset()) | narrowing.excluded) - self._tools)
        if not unknown or not self._tools:
            return ""
        close = close_names(unknown[0], self._tools, 1)
        hint = f"did you mean {close[0]}?" if close else "a list of tools that names none shows those there are"
        return f"A tool that the request names does not exist; {hint}"


def _names(text: str) -> list[str]:
    return [name for name in map(str.strip, text.split(",")) if name]


def _is_yes(text: str) -> bool:
    return any(part.strip().lower() not in _NO for part in text.split(","))
