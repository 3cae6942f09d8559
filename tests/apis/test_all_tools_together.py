"""All toolsets at once: what they cost a model, and that no tool of one API is taken for one of another."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations

import pytest

from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue import APIS, TOOLSETS
from scripts.handbook.pages import all_tools
from tests.certain import there
from tests.snapshots import visible_text
from tests.tokens import tokens

MOST_TOKENS = 7_700
"""What name, description and input schema of every tool may cost together, in tokens of o200k_base."""
TOOLS = [tool for tools in all_tools().values() for tool in tools]
TITLES = {api.name: api.title for api in APIS}
PREFIXED = [toolset.name for toolset in TOOLSETS if toolset.api.title != "Flintt"]


def test_all_tools_of_all_apis_stay_within_the_budget(record_property: Callable[[str, object], None]) -> None:
    cost = {name: sum(tokens(visible_text(tool)) for tool in tools) for name, tools in all_tools().items()}
    record_property("tokens", sum(cost.values()))
    assert sum(cost.values()) <= MOST_TOKENS, cost


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.toolset in PREFIXED], ids=lambda tool: tool.name)
def test_a_tool_of_a_sibling_api_bears_its_name_in_name_title_and_description(tool: Tool) -> None:
    title = TITLES[there(tool.api)]
    assert tool.name.startswith(title.lower() + "_")
    assert title in tool.title
    assert title in tool.about


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_no_tool_speaks_of_an_api_that_it_does_not_call_except_to_tell_them_apart(tool: Tool) -> None:
    own = TITLES.get(tool.api or "", "")
    others = {title for title in TITLES.values() if title != own}
    named = {title for title in others if re.search(rf"\b{title}\b", f"{tool.title} {tool.about}")}
    assert all(re.search(rf"\bnot {title}\b", tool.about) for title in named) or tool.api is None


RUNS = [tool for tool in TOOLS if re.search(r"_runs?$", tool.name)]


def test_runs_of_two_apis_are_never_confused() -> None:
    assert {tool.api for tool in RUNS} == {"flintt", "flowpilot"}
    for one, other in combinations(RUNS, 2):
        if one.api != other.api:
            assert one.title.lower() != other.title.lower()
            assert one.name != other.name
    for tool in RUNS:
        told = f"{tool.title} {tool.about}"
        if tool.api == "flowpilot":
            assert "payment run" in tool.title
            assert "FlowPilot payment run" in tool.about
        else:
            assert "signal run" in tool.title
            assert "payment" not in told
    listed = next(tool for tool in RUNS if tool.name == "flowpilot_list_runs")
    assert "not Flintt signal runs" in listed.about


def test_what_spends_says_so_in_capitals_and_what_deletes_asks_for_a_person() -> None:
    for tool in TOOLS:
        if tool.effect.value == "spend":
            assert "SPENDS" in tool.about, tool.name
        if tool.effect.value == "destroy":
            assert "person" in tool.about, tool.name


def test_toolsets_that_spend_are_never_on_unasked() -> None:
    spending = {tool.toolset for tool in TOOLS if tool.effect.value == "spend"}
    assert spending == {"flowpilot", "flowmaticx"}
    assert spending.isdisjoint(toolset.name for toolset in TOOLSETS if toolset.default)
    assert {toolset.name for toolset in TOOLSETS if toolset.default} == {"flintt"}
