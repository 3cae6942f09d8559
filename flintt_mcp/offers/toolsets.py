"""Which tools are on: the toolsets that the settings choose, and of every tool that is off, why.

In: settings, and where tools come from. Out: toolsets, and the `Inventory` of their tools; what is off is not
even built. This is the choice of whoever runs the server; `narrowing` says what a request may choose of it, and who asks is
not seen here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.inventory import Inventory
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
from flintt_mcp.settings import Settings

OWN = {
    DOCS: "The handbook. Public: no key is needed.",
    INSIGHT: "Answers over the whole workspace, each with how complete it is; docs/query.md shows twenty questions.",
    APPROVALS: "What a person decided about calls that delete or spend.",
    WAITING: "Waits until work that takes long is over. Its arguments are those of the toolsets that are on.",
}
"""Toolsets of this server's own tools, with what each is for."""


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


def toolsets_on(settings: Settings, environment: Mapping[str, str]) -> list[Toolset]:
    """The toolsets of APIs that are on; Flextell's with the resource names that the operator allows.

    Raises:
        ConfigError: a name that is no toolset, or a resource name that could not stand in a path.
    """
    chosen = chosen_toolsets(settings.toolsets)
    allowed = environment.get("FLEXTELL_RESOURCES", "")
    names = tuple(name.strip() for name in allowed.split(",") if name.strip())
    if allowed and not names:
        raise ConfigError("FLEXTELL_RESOURCES: names no resource; leave it out to allow all")
    own = {FLEXTELL_TOOLSET.name: flextell_toolset(names)} if names else {}
    return [own.get(toolset.name, toolset) for toolset in TOOLSETS if toolset.name in chosen]


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
    chosen = chosen_toolsets(settings.toolsets)
    tools = [tool for toolset in toolsets for tool in operations(toolset)]
    off = {
        operation.name: f"its toolset {toolset.name} is not among --toolsets"
        for toolset in TOOLSETS
        if toolset.name not in chosen
        for operation in toolset.operations
    }
    if DOCS in chosen:
        tools += docs_tools(handbook, Budgets(settings.result_limit))
    tools += [tool for tool in own if tool.toolset in chosen]
    if settings.read_only:
        off |= {tool.name: "this server is read-only" for tool in tools if not tool.effect.reads}
    on = [*(tool for tool in tools if tool.name not in off), *additions]
    return Inventory(on, off, hides)


def narrowing(additions: Iterable[Tool]) -> dict[str, frozenset[str] | None]:
    """Every name that a request may narrow its toolsets to, with the toolsets it means; `all` leaves all that is on."""
    names = [*(toolset.name for toolset in TOOLSETS), *OWN, *(tool.toolset for tool in additions)]
    groups = {"all": None, "default": chosen_toolsets(["default"])}
    return {**groups, **{name: frozenset({name}) for name in names}}
