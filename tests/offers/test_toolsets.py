"""The choice of tools: what the settings switch on, and what is said of everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.app import App
from flintt_mcp.catalogue import TOOLSETS
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import ConfigError, UnknownTool
from flintt_mcp.offers.toolsets import choice_of, chosen_toolsets, toolset_by_tool
from flintt_mcp.settings import Settings
from scripts.handbook.pages import all_tools
from tests.fake_api import open_fake

pytestmark = pytest.mark.anyio

DEFAULT = [operation.name for toolset in TOOLSETS if toolset.default for operation in toolset.operations]
DOCS = [
    "list_docs",
    "get_doc",
    "search_docs",
    "query_workspace",
    "list_findings",
    "changes_since",
    "match_companies",
    "preview_import",
    "commit_import",
    "get_approval",
    "wait_for",
]


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


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        ({"tools": ("get_doc", "flowpilot_get_wallet_balance")}, ["flowpilot_get_wallet_balance", "get_doc"]),
        ({"tools": ("get_doc", "list_signals"), "toolsets": ("docs", "flintt")}, ["list_signals", "get_doc"]),
        ({"toolsets": ("docs",), "exclude_tools": ("get_doc", "create_company")}, ["list_docs", "search_docs"]),
        ({"tools": ("get_doc", "list_docs"), "exclude_tools": ("get_doc",)}, ["list_docs"]),
        ({"tools": ("list_signals", "delete_signal"), "read_only": True}, ["list_signals"]),
        ({"tools": ("get_approval",)}, ["get_approval"]),
    ],
    ids=str,
)
async def test_only_the_tools_that_are_named_and_not_excluded_are_on(
    settings: dict[str, Any], on: list[str], tmp_path: Path
) -> None:
    async with open_fake(tmp_path, **{"toolsets": ("default",), **settings}) as app:
        assert names(app) == on


@pytest.mark.parametrize(
    ("settings", "tool", "why"),
    [
        ({"tools": ("get_doc",)}, "delete_signal", "it is not among --tools"),
        ({"tools": ("get_doc",)}, "search_docs", "it is not among --tools"),
        ({"exclude_tools": ("delete_signal",)}, "delete_signal", "it is among --exclude-tools"),
        ({"toolsets": ("flintt",)}, "get_doc", "its toolset docs is not among --toolsets"),
        ({"toolsets": ("flintt",)}, "get_approval", "its toolset approvals is not among --toolsets"),
        ({"read_only": True}, "get_approval", "this server is read-only"),
    ],
    ids=str,
)
async def test_whoever_calls_what_is_off_is_told_which_setting_keeps_it_so(
    settings: dict[str, Any], tool: str, why: str, tmp_path: Path
) -> None:
    async with open_fake(tmp_path, **{"toolsets": ("default",), **settings}) as app:
        with pytest.raises(UnknownTool) as caught:
            app.inventory.find(tool, app.caller)
    assert caught.value.message == f"{tool} is switched off here: {why}"
    assert caught.value.advice == "tell the person; only the operator of this server can switch it on"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tools": ("list_signal",)}, "--tools: no tool 'list_signal'; did you mean list_signals?"),
        (
            {"exclude_tools": ("DELETE_SIGNAL",)},
            "--exclude-tools: no tool 'DELETE_SIGNAL'; did you mean delete_signal?",
        ),
        ({"tools": ("docs", "x")}, "--tools: no tool 'docs'; did you mean list_docs?"),
        ({"exclude_tools": ("*",)}, "--exclude-tools: no tool '*'; `flintt-mcp tools --toolsets all` lists them"),
        (
            {"toolsets": ("flintt",), "tools": ("flowpilot_list_runs",)},
            "--tools: flowpilot_list_runs belongs to the toolset flowpilot, which --toolsets leaves off",
        ),
    ],
    ids=str,
)
def test_a_choice_that_cannot_be_meant_stops_the_start(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choice_of(Settings(**settings))
    assert caught.value.message == message


def test_every_tool_there_is_can_be_named() -> None:
    assert toolset_by_tool() == {tool.name: toolset for toolset, tools in all_tools().items() for tool in tools}


def test_groups_of_toolsets_have_names() -> None:
    every = {toolset.name for toolset in TOOLSETS} | {"docs", "insight", "approvals", "waiting"}
    assert chosen_toolsets(["all"]) == every
    assert chosen_toolsets(["default"]) == {"flintt", "docs", "insight", "approvals", "waiting"}
    assert chosen_toolsets(["docs", "flintt"]) == {"docs", "flintt"}
    assert chosen_toolsets([]) == frozenset()
    with pytest.raises(ConfigError):
        chosen_toolsets(["flint"])
