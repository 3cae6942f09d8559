"""All tools that are on, before anything is open: what each says of itself, and nothing yet that does it.

In: settings and the environment, as `app.py` takes them. Out: an `Inventory` that lists exactly what the app's will; a test
holds the two together. It loads no way to an API, no store and no checks, so that a client hears of the tools while those are
being loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.offers.approval_tool import approval_tool
from flintt_mcp.offers.handbook.documents import Handbook, default_folder
from flintt_mcp.offers.imports.described import commit_import, preview_import
from flintt_mcp.offers.insight.described import changes_since, list_findings, match_companies, query_workspace
from flintt_mcp.offers.toolsets import build_inventory, toolsets_on
from flintt_mcp.offers.waiting_tool import waiting_tool
from flintt_mcp.rest.described import Work, described
from flintt_mcp.settings import Settings


def early_inventory(settings: Settings, environment: Mapping[str, str]) -> Inventory:
    """The tools that the app of these settings will list.

    Raises:
        ConfigError: a toolset or a resource name that cannot work.
    """
    toolsets = toolsets_on(settings, environment)
    own = [
        *(make(_nobody) for make in (query_workspace, list_findings, changes_since, match_companies)),
        preview_import(toolsets, _nobody),
        *(make(_nobody) for make in (commit_import, approval_tool)),
        waiting_tool(toolsets, _nobody),
    ]
    return build_inventory(settings, toolsets, Handbook(default_folder()), _operations, own)


def _operations(toolset: Toolset) -> list[Tool]:
    return [described(toolset, operation, Work(_nobody)) for operation in toolset.operations]


async def _nobody(call: Call) -> NoReturn:
    raise LookupError("a tool that only says what it is was called")
