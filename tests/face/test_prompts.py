"""Prompts: five workflows, and what they take."""

from __future__ import annotations

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import GetPromptResult, TextContent

from scripts.handbook.pages import all_tools
from tests.certain import of_kind
from tests.face.conftest import Connect

pytestmark = pytest.mark.anyio

ARGUMENTS = {
    "pipeline_review": {"stage": "qualified"},
    "signal_setup": {"goal": "new CTOs in Lyon", "frequency": "daily"},
    "account_brief": {"company": "Acme Corp"},
    "run_digest": {"signal_id": "s1"},
    "signal_checkup": {},
}


async def text_of(client: Client, name: str, arguments: dict[str, str]) -> str:
    result = await client.get_prompt(name, arguments)
    assert isinstance(result, GetPromptResult)
    (message,) = result.messages
    assert (message.role, message.content.type) == ("user", "text")
    return of_kind(TextContent, message.content).text


async def test_five_prompts_are_listed_with_what_they_take(connect: Connect) -> None:
    async with connect(key=None) as client:
        prompts = (await client.list_prompts()).prompts
    assert {prompt.name: {arg.name: arg.required for arg in prompt.arguments or ()} for prompt in prompts} == {
        "pipeline_review": {"stage": False},
        "signal_setup": {"goal": True, "frequency": False},
        "account_brief": {"company": True},
        "run_digest": {"signal_id": True},
        "signal_checkup": {},
    }
    assert all(prompt.title and prompt.description for prompt in prompts)


@pytest.mark.parametrize("name", ARGUMENTS)
async def test_a_prompt_says_what_was_filled_in_and_names_tools_that_are_on(connect: Connect, name: str) -> None:
    async with connect(key=None) as client:
        text = await text_of(client, name, ARGUMENTS[name])
    assert all(value in text for value in ARGUMENTS[name].values())
    assert any(tool.name in text for tool in all_tools()["flintt"])


async def test_a_value_left_empty_counts_as_not_given(connect: Connect) -> None:
    async with connect(key=None) as client:
        assert await text_of(client, "pipeline_review", {"stage": ""}) == await text_of(client, "pipeline_review", {})
        assert "in every stage" in await text_of(client, "pipeline_review", {})


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("run_digest", {}, "The prompt run_digest needs signal_id"),
        ("run_digest", {"signal_id": ""}, "The prompt run_digest needs signal_id"),
        ("run_digest", {"signal_id": "s1", "stage": "x"}, "The prompt run_digest takes signal_id, not stage"),
        ("signal_checkup", {"stage": "x"}, "The prompt signal_checkup takes nothing, not stage"),
        (
            "review",
            {},
            "Unknown prompt: review. There are: pipeline_review, signal_setup, account_brief, run_digest, signal_checkup",
        ),
    ],
)
async def test_what_does_not_fit_a_prompt_is_named(
    connect: Connect, name: str, arguments: dict[str, str], message: str
) -> None:
    async with connect(key=None) as client:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(name, arguments)
    assert (caught.value.error.code, caught.value.error.message) == (-32602, message)
