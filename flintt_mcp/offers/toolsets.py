"""Which tools are on: the toolsets and tools that the settings choose, and of every tool that is off, why.

In: settings, and where tools come from. Out: toolsets, and the `Inventory` of their tools; what is off is not
even built. This is the choice of whoever runs the server; `narrowings` says what a request may choose of it, and who asks is
not seen here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flintt_mcp.calls.arguments.names import close_names
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.narrowing import Narrowings
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue import TOOLSETS
from flintt_mcp.catalogue.flextell import FLEXTELL_TOOLSET, flextell_toolset
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.errors import ConfigError
from flintt_mcp.offers.approval_tool import TOOLSET as APPROVALS
from flintt_mcp.offers.handbook.documents import Handbook
from flintt_mcp.offers.handbook.tools import TOOLSET as DOCS
from flintt_mcp.offers.handbook.tools import docs_tools
from flintt_mcp.offers.insight.tables import TOOLSET as INSIGHT
from flintt_mcp.offers.waiting_tool import TOOLSET as WAITING
from flintt_mcp.rest.reading.clients import Budgets
from flintt_mcp.settings import ROWS, Settings

OWN = {
    DOCS: "The handbook. Public: no key is needed.",
    INSIGHT: "Answers over the whole workspace, each with how complete it is; docs/query.md shows twenty questions.",
    APPROVALS: "What a person decided about calls that delete or spend.",
    WAITING: "Waits until work that takes long is over. Its arguments are those of the toolsets that are on.",
}
"""Toolsets of this server's own tools, with what each is for."""
_OWN_TOOLS: Mapping[str, tuple[str, ...]] = {
    DOCS: ("list_docs", "get_doc", "search_docs"),
    INSIGHT: (
        "query_workspace",
        "list_findings",
        "changes_since",
        "match_companies",
        "preview_import",
        "commit_import",
    ),
    APPROVALS: ("get_approval",),
    WAITING: ("wait_for",),
}


def toolset_by_tool() -> dict[str, str]:
    """The toolset of every tool there is, by the tool's name."""
    operations = {operation.name: toolset.name for toolset in TOOLSETS for operation in toolset.operations}
    return operations | {name: toolset for toolset, names in _OWN_TOOLS.items() for name in names}


def chosen_toolsets(names: Iterable[str]) -> frozenset[str]:
    """The names of the toolsets that are on; `default` and `all` stand for groups.

    Raises:
        ConfigError: a name that is no toolset.
    """
    every = [*(toolset.name for toolset in TOOLSETS), *OWN]
    groups = {"all": every, "default": [*(toolset.name for toolset in TOOLSETS if toolset.default), *OWN]}
    chosen: set[str] = set()
    for name in names:
        if name not in groups and name not in every:
            raise ConfigError(f"--toolsets: no toolset {name!r}; there are {', '.join([*groups, *every])}")
        chosen.update(groups.get(name, [name]))
    return frozenset(chosen)


@dataclass(frozen=True, slots=True)
class Choice:
    """What whoever runs the server chose: toolsets, of their tools the named ones (None: all), but for some."""

    toolsets: frozenset[str]
    tools: frozenset[str] | None
    excluded: frozenset[str]
    read_only: bool

    def why_off(self, name: str, toolset: str, *, reads: bool) -> str:
        """Why a tool is off; empty for one that is on."""
        if name in self.excluded:
            return "it is among --exclude-tools"
        if self.tools is not None and name not in self.tools:
            return "it is not among --tools"
        if toolset not in self.toolsets:
            return f"its toolset {toolset} is not among --toolsets"
        return "this server is read-only" if self.read_only and not reads else ""


def choice_of(settings: Settings) -> Choice:
    """What the settings choose.

    Raises:
        ConfigError: a name that is no tool or no toolset, or a tool of a toolset that is off.
    """
    toolset_of = toolset_by_tool()
    for option, names in (("--tools", settings.tools), ("--exclude-tools", settings.exclude_tools)):
        for name in names:
            if name not in toolset_of:
                raise ConfigError(f"{option}: no tool {name!r}; {_meant(name, toolset_of)}")
    chosen = chosen_toolsets(settings.toolsets)
    if settings.tools and settings.toolsets == ROWS["toolsets"].default:
        chosen = frozenset(toolset_of[name] for name in settings.tools)
    for name in settings.tools:
        if toolset_of[name] not in chosen:
            raise ConfigError(f"--tools: {name} belongs to the toolset {toolset_of[name]}, which --toolsets leaves off")
    return Choice(chosen, frozenset(settings.tools) or None, frozenset(settings.exclude_tools), settings.read_only)


def _meant(name: str, there: Iterable[str]) -> str:
    close = close_names(name, there, 1)
    return f"did you mean {close[0]}?" if close else "`flintt-mcp tools --toolsets all` lists them"


def toolsets_on(settings: Settings, environment: Mapping[str, str]) -> list[Toolset]:
    """The toolsets of APIs that are on; Flextell's with the resource names that the operator allows.

    Raises:
        ConfigError: as `choice_of`, or a resource name that could not stand in a path.
    """
    choice = choice_of(settings)
    allowed = environment.get("FLEXTELL_RESOURCES", "")
    names = tuple(name.strip() for name in allowed.split(",") if name.strip())
    if allowed and not names:
        raise ConfigError("FLEXTELL_RESOURCES: names no resource; leave it out to allow all")
    own = {FLEXTELL_TOOLSET.name: flextell_toolset(names)} if names else {}
    return [own.get(toolset.name, toolset) for toolset in TOOLSETS if toolset.name in choice.toolsets]


def build_inventory(
    settings: Settings,
    toolsets: Sequence[Toolset],
    handbook: Handbook,
    operations: Callable[[Toolset], Iterable[Tool]],
    own: Sequence[Tool],
    additions: Sequence[Tool] = (),
    hides: Callable[[Tool, Caller], bool] | None = None,
) -> Inventory:
    """The tools that are on, `additions` last, and of all others why they are off; `hides` leaves some out of a caller's list.

    `operations` gives the tools of an API's toolset; `own` are those that are no single operation, and no part of the handbook.
    """
    choice = choice_of(settings)
    tools = [tool for toolset in toolsets for tool in operations(toolset)]
    if DOCS in choice.toolsets:
        tools += docs_tools(handbook, Budgets(settings.result_limit))
    tools += own
    on = [tool for tool in tools if not choice.why_off(tool.name, tool.toolset, reads=tool.effect.reads)]
    reads = {tool.name: tool.effect.reads for tool in tools}
    off = {
        name: why
        for name, toolset in toolset_by_tool().items()
        if (why := choice.why_off(name, toolset, reads=reads.get(name, True)))
    }
    return Inventory([*on, *additions], off, hides)


def narrowings(additions: Iterable[Tool]) -> Narrowings:
    """What a request may narrow to: toolsets and groups of them, of which `all` leaves all that is on, and every tool there is."""
    added = {tool.name: tool.toolset for tool in additions}
    groups = {"all": None, "default": chosen_toolsets(["default"])}
    names = [*(toolset.name for toolset in TOOLSETS), *OWN, *added.values()]
    return Narrowings(
        {**groups, **{name: frozenset({name}) for name in names}}, toolset_by_tool().keys() | added.keys()
    )
