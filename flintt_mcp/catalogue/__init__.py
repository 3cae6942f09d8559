"""All operations, one file per API. `operation.py` is the vocabulary; the other files hold rows only."""

from __future__ import annotations

from flintt_mcp.catalogue.flextell import FLEXTELL_TOOLSET
from flintt_mcp.catalogue.flintt import FLINTT_TOOLSET
from flintt_mcp.catalogue.flowmaticx import FLOWMATICX_TOOLSET
from flintt_mcp.catalogue.flowpilot import FLOWPILOT_TOOLSET
from flintt_mcp.catalogue.management import MANAGEMENT_TOOLSET
from flintt_mcp.catalogue.operation import Api, Toolset

TOOLSETS: tuple[Toolset, ...] = (
    FLINTT_TOOLSET,
    MANAGEMENT_TOOLSET,
    FLOWPILOT_TOOLSET,
    FLOWMATICX_TOOLSET,
    FLEXTELL_TOOLSET,
)
"""Every toolset whose tools call a REST API, in the order in which tools are listed."""

APIS: tuple[Api, ...] = tuple(dict.fromkeys(toolset.api for toolset in TOOLSETS))
"""Every API, once."""
