"""The meaning of a call: equal for calls that ask for the same thing, and different for all others."""

from __future__ import annotations

from typing import Any

import pytest

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import ASIDE, INTENT, Call
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.meaning import canonical
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Kind, body
from scripts.handbook.pages import all_tools
from tests.apis.toolbox import case_arguments

TOOLS = {tool.name: tool for tools in all_tools().values() for tool in tools}
RUN = {"objective": "Pay suppliers", "budget_cap": "1250.50"}
JOB = {"workflow_type": "GOOGLE_MAPS", "keyword": "plumber", "location": "Leeds, UK", "leads_requested": 5}
HOOK = {"name": "a", "endpoint_url": "https://a.example", "event_types": ["company.created", "prospect.created"]}


def meaning(tool: str, arguments: dict[str, Any]) -> str:
    one = TOOLS[tool]
    return Call(one, one.arguments.check(arguments), Caller("somebody")).canonical


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_a_default_that_is_written_out_is_the_same_call(tool: Tool) -> None:
    bare = case_arguments(tool.name) or {
        "slug": "errors",
        "query": "a",
        "intent": "int_a",
        "sql": "SELECT 1",
        "names": ["Acme"],
        "import_id": "imp_a",
    }
    bare = {arg.name: bare[arg.name] for arg in tool.arguments.args if arg.name in bare and arg.default is None}
    defaults = {arg.name: arg.default for arg in tool.arguments.args if arg.default is not None}
    assert meaning(tool.name, {**bare, **defaults}) == meaning(tool.name, bare)
    for name in defaults.keys() - ASIDE:
        default = defaults[name]
        other = (
            "another"
            if isinstance(default, str)
            else not default
            if isinstance(default, bool)
            else default - 1
            if default
            else 1
        )
        assert meaning(tool.name, {**bare, name: other}) != meaning(tool.name, bare)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1e300, "1e300"),
        (2.0**60, "1.152921504606847e18"),
        (2**63 - 1, "9223372036854775807"),
        (0.1, "0.1"),
        (-0.0, "0"),
    ],
)
def test_any_number_that_is_accepted_has_a_meaning(value: float, told: str) -> None:
    row = body("value", kind=Kind.NUMBER)
    assert canonical([row], Arguments("any", (row,)).check({"value": value})) == f'{{"value":{told}}}'


def test_every_tool_with_a_default_is_looked_at() -> None:
    told = {(tool.name, arg.name): arg.default for tool in TOOLS.values() for arg in tool.arguments.args}
    assert {where: default for where, default in told.items() if default is not None and where[1] not in ASIDE} == {
        ("create_company", "allow_duplicate"): False,
        ("create_prospect", "allow_duplicate"): False,
        ("create_prospect", "stage"): "prospect",
        ("preview_import", "with_deals"): False,
        ("create_webhook", "active"): True,
        ("flowmaticx_create_job", "ai_enabled"): True,
        ("flowmaticx_create_job", "include_risky"): False,
        ("flowmaticx_list_leads", "billable_only"): True,
        ("get_approval", "wait"): 0,
        ("wait_for", "seconds"): 50,
        ("list_findings", "valid_only"): True,
        ("list_docs", "developers"): False,
        ("search_docs", "developers"): False,
    }


@pytest.mark.parametrize(
    ("tool", "one", "other"),
    [
        ("flowmaticx_create_job", JOB, dict(reversed(JOB.items()))),
        ("flowmaticx_create_job", JOB, {**JOB, "leads_requested": "5"}),
        ("flowmaticx_create_job", JOB, {**JOB, "leads_requested": 5.0, "ai_enabled": "true"}),
        ("flowmaticx_create_job", JOB, {**JOB, "include_risky": None, INTENT: "another"}),
        ("flowpilot_create_run", RUN, {**RUN, "budget_cap": "1250.5"}),
        ("flowpilot_create_run", {**RUN, "budget_cap": "1200"}, {**RUN, "budget_cap": "1200.00"}),
        ("flowpilot_create_run", {**RUN, "risk_tolerance": 1}, {**RUN, "risk_tolerance": "1.0"}),
        ("create_prospect", {"name": "A", "estimated_value": 12000}, {"name": "A", "estimated_value": 12000.0}),
        ("create_webhook", HOOK, {**HOOK, "event_types": [*reversed(HOOK["event_types"]), "company.created"]}),
        (
            "flextell_create",
            {"resource": "a", "data": {"b": 1, "c": {"d": [2.0], "e": 3}}},
            {"resource": "a", "data": '{"c": {"e": 3.0, "d": [2]}, "b": 1.0}'},
        ),
        ("list_companies", {"name": "a"}, {"name": "a", "limit": 3, "cursor": "abc"}),
    ],
)
def test_equal_values_mean_the_same_however_they_are_written(tool: str, one: Any, other: Any) -> None:
    assert meaning(tool, one) == meaning(tool, other)


@pytest.mark.parametrize(
    ("tool", "one", "other"),
    [
        ("flowmaticx_create_job", JOB, {**JOB, "leads_requested": 6}),
        ("flowmaticx_create_job", JOB, {**JOB, "keyword": "Plumber"}),
        ("flowpilot_create_run", RUN, {**RUN, "budget_cap": "1250.51"}),
        (
            "flowpilot_create_run",
            {**RUN, "budget_cap": "9007199254740992.1"},
            {**RUN, "budget_cap": "9007199254740992.2"},
        ),
        ("flowpilot_create_run", RUN, {**RUN, "risk_tolerance": 0}),
        ("create_webhook", HOOK, {**HOOK, "event_types": HOOK["event_types"][:1]}),
        ("update_signal", {"signal_id": "s", "schedule": ""}, {"signal_id": "s", "description": ""}),
        ("flextell_create", {"resource": "a", "data": {"b": [1, 2]}}, {"resource": "a", "data": {"b": [2, 1]}}),
        ("flextell_create", {"resource": "a", "data": {"b": 1}}, {"resource": "a", "data": {"b": True}}),
        ("flextell_create", {"resource": "a", "data": {"b": None}}, {"resource": "a", "data": {}}),
        ("flowmaticx_get_job", {"job_id": 1}, {"job_id": 2}),
    ],
)
def test_what_differs_is_another_call(tool: str, one: Any, other: Any) -> None:
    assert meaning(tool, one) != meaning(tool, other)
