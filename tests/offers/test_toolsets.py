"""The choice of tools: what the settings switch on, and what is said of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.app import App
from flintt_mcp.catalogue import TOOLSETS
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import ConfigError, UnknownTool
from flintt_mcp.offers.toolsets import chosen_toolsets
from tests.fake_api import open_fake

pytestmark = pytest.mark.anyio

DEFAULT = [operation.name for toolset in TOOLSETS if toolset.default for operation in toolset.operations]
DOCS = ["list_docs", "get_doc", "search_docs", "query_workspace", "match_companies", "get_approval", "wait_for"]


def names(app: App) -> list[str]:
    return [tool.name for tool in app.inventory]


async def test_the_default_tools_are_on_and_all_others_say_why_not(tmp_path: Path) -> None:
    async with open_fake(tmp_path, toolsets=("default",)) as app:
        assert names(app) == DEFAULT + DOCS
        for toolset in TOOLSETS:
            for operation in toolset.operations if not toolset.default else ():
                with pytest.raises(UnknownTool) as caught:
                    app.inventory.find(operation.name, app.caller)
                assert caught.value.message == (
                    f"{operation.name} is switched off here: its toolset {toolset.name} is not among --toolsets"
                )


async def test_all_toolsets_can_be_on_at_once(tmp_path: Path) -> None:
    async with open_fake(tmp_path, toolsets=("all",)) as app:
        assert names(app) == [operation.name for toolset in TOOLSETS for operation in toolset.operations] + DOCS
        assert {tool.api for tool in app.inventory} == {None, *(toolset.api.name for toolset in TOOLSETS)}


async def test_a_read_only_server_has_no_tool_that_changes_anything(tmp_path: Path) -> None:
    async with open_fake(tmp_path, read_only=True) as app:
        assert {tool.effect for tool in app.inventory} == {Effect.READ}
        with pytest.raises(UnknownTool) as caught:
            app.inventory.find("delete_signal", app.caller)
    assert caught.value.message == "delete_signal is switched off here: this server is read-only"


def test_groups_of_toolsets_have_names() -> None:
    every = {toolset.name for toolset in TOOLSETS} | {"docs", "insight", "approvals", "waiting"}
    assert chosen_toolsets(["all"]) == every
    assert chosen_toolsets(["default"]) == {"flintt", "docs", "insight", "approvals", "waiting"}
    assert chosen_toolsets(["docs", "flintt"]) == {"docs", "flintt"}
    assert chosen_toolsets([]) == frozenset()
    with pytest.raises(ConfigError):
        chosen_toolsets(["flint"])
