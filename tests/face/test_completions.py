"""Completions: what a person may mean while typing."""

from __future__ import annotations

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import Completion, PromptReference, ResourceTemplateReference

from flintt_mcp.calls.reply import objects_of
from tests.face.conftest import Connect

pytestmark = pytest.mark.anyio

SIGNAL = "flintt://signals/{signal_id}"
RUN = "flintt://runs/{run_id}"


async def of_prompt(client: Client, prompt: str, argument: str, typed: str) -> Completion:
    found = await client.complete(PromptReference(name=prompt), {"name": argument, "value": typed})
    return found.completion


async def of_resource(client: Client, uri: str, argument: str, typed: str) -> Completion:
    found = await client.complete(ResourceTemplateReference(uri=uri), {"name": argument, "value": typed})
    return found.completion


@pytest.mark.parametrize(
    ("prompt", "argument", "typed", "values"),
    [
        ("pipeline_review", "stage", "", ["prospect", "qualified", "negotiating"]),
        ("pipeline_review", "stage", "Q", ["qualified"]),
        ("pipeline_review", "stage", "zzz", []),
        ("signal_setup", "frequency", "", ["daily", "weekly", "monthly"]),
        ("signal_setup", "goal", "anything", []),
        ("signal_setup", "no_such_argument", "", []),
    ],
)
async def test_fixed_values_are_completed_without_a_key(
    connect: Connect, prompt: str, argument: str, typed: str, values: list[str]
) -> None:
    async with connect(key=None) as client:
        found = await of_prompt(client, prompt, argument, typed)
    assert (found.values, found.total, found.has_more) == (values, len(values), False)


async def test_signals_are_found_by_id_and_by_name(connect: Connect) -> None:
    async with connect() as client:
        every = objects_of((await client.call_tool("list_signals", {})).structured_content["signals"])
        one = every[0]
        by_id = await of_resource(client, SIGNAL, "signal_id", one["id"][:8])
        by_name = await of_prompt(client, "daily_brief", "signal_id", one["name"].upper())
        nothing_typed = await of_resource(client, SIGNAL, "signal_id", "")
    assert one["id"] in by_id.values
    assert by_name.values == [one["id"]]
    assert nothing_typed.values == [signal["id"] for signal in every]


async def test_runs_are_found_by_the_beginning_of_their_id(connect: Connect) -> None:
    async with connect() as client:
        runs = objects_of((await client.call_tool("list_runs", {"limit": 1})).structured_content["runs"])
        found = await of_resource(client, RUN, "run_id", runs[0]["id"][:8])
    assert found.values == [runs[0]["id"]]


async def test_companies_are_found_by_part_of_their_name(connect: Connect) -> None:
    async with connect() as client:
        rows = objects_of((await client.call_tool("list_companies", {"limit": 1})).structured_content["companies"])
        found = await of_prompt(client, "account_research", "company", rows[0]["name"][1:].upper())
    assert rows[0]["name"] in found.values


async def test_no_more_than_a_hundred_values_are_shown_with_how_many_there_are(connect: Connect) -> None:
    async with connect() as client:
        listed = await client.call_tool("list_companies", {"limit": 1})
        found = await of_prompt(client, "account_research", "company", "")
    assert len(found.values) == 100
    assert (found.total, found.has_more) == (listed.structured_content["total"], True)


@pytest.mark.parametrize("key", [None, "flt_wrong"])
async def test_where_a_lookup_fails_nothing_is_suggested(connect: Connect, key: str | None) -> None:
    async with connect(key=key) as client:
        found = await of_resource(client, SIGNAL, "signal_id", "")
    assert (found.values, found.total) == ([], 0)


async def test_a_prompt_or_template_that_is_not_there_is_an_error(connect: Connect) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as prompt:
            await of_prompt(client, "nope", "stage", "")
        with pytest.raises(MCPError) as resource:
            await of_resource(client, "flintt://nope/{id}", "id", "")
    assert prompt.value.error.message == "Unknown prompt: nope"
    assert resource.value.error.message.startswith("Unknown resource template")
