"""The list that is told before anything is open is the list of the app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.app import open_app
from flintt_mcp.errors import ConfigError
from flintt_mcp.offers.early import early_inventory
from flintt_mcp.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("settings", "environment"),
    [
        ({}, {}),
        ({"toolsets": ("all",)}, {}),
        ({"toolsets": ("all",), "read_only": True}, {}),
        ({"toolsets": ("docs",)}, {"FLINTT_API_KEY": "flt_a"}),
        ({"tools": ("get_doc", "list_signals", "wait_for", "delete_signal"), "exclude_tools": ("delete_signal",)}, {}),
        ({"toolsets": ("flowpilot", "flextell"), "approve": ("none",), "hide_unscoped": True}, {}),
        ({"toolsets": ("flextell",)}, {"FLEXTELL_RESOURCES": "customers,orders"}),
        ({"show_secrets": True, "allow_spend": True, "sandbox": True, "result_limit": 5000}, {}),
    ],
)
async def test_it_lists_what_the_app_will_list(
    settings: dict[str, Any], environment: dict[str, str], tmp_path: Path
) -> None:
    chosen = Settings(data_dir=str(tmp_path), **settings)
    early = [tool.wire for tool in early_inventory(chosen, environment)]
    async with open_app(chosen, environment) as app:
        assert early == [tool.wire for tool in app.inventory.visible_to(app.caller)]
    assert len(early) > 2


def test_a_toolset_that_does_not_exist_is_told_before_anything_is_open() -> None:
    with pytest.raises(ConfigError, match="no toolset"):
        early_inventory(Settings(toolsets=("nope",)), {})
