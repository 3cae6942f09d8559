"""Prompts: the skills as workflows that a person starts, and what they take."""

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
    "account_research": {"company": "Acme Corp"},
    "daily_brief": {"since": "2026-11-24", "signal_id": "s1"},
}


async def text_of(client: Client, name: str, arguments: dict[str, str]) -> str:
    result = await client.get_prompt(name, arguments)
    assert isinstance(result, GetPromptResult)
    (message,) = result.messages
    assert (message.role, message.content.type) == ("user", "text")
    return of_kind(TextContent, message.content).text


async def test_the_prompts_are_listed_with_what_they_take(connect: Connect) -> None:
    async with connect(key=None) as client:
        prompts = (await client.list_prompts()).prompts
    assert {prompt.name: {arg.name: arg.required for arg in prompt.arguments or ()} for prompt in prompts} == {
        "pipeline_review": {"stage": False},
        "signal_setup": {"goal": False, "frequency": False},
        "account_research": {"company": True},
        "daily_brief": {"since": False, "signal_id": False},
    }
    assert all(prompt.title and prompt.description for prompt in prompts)


@pytest.mark.parametrize("name", ARGUMENTS)
async def test_a_prompt_says_what_was_filled_in_and_names_tools_that_are_on(connect: Connect, name: str) -> None:
    async with connect(key=None) as client:
        text = await text_of(client, name, ARGUMENTS[name])
    assert all(value in text for value in ARGUMENTS[name].values())
    assert any(tool.name in text for toolset in ("flintt", "insight") for tool in all_tools()[toolset])


async def test_a_value_left_empty_counts_as_not_given(connect: Connect) -> None:
    async with connect(key=None) as client:
        assert await text_of(client, "pipeline_review", {"stage": ""}) == await text_of(client, "pipeline_review", {})
        assert (await text_of(client, "pipeline_review", {})).endswith("The person gave nothing more.")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("account_research", {}, "The prompt account_research needs company"),
        ("account_research", {"company": ""}, "The prompt account_research needs company"),
        ("pipeline_review", {"company": "x"}, "The prompt pipeline_review takes stage, not company"),
        (
            "review",
            {},
            "Unknown prompt: review. There are: account_research, daily_brief, pipeline_review, signal_setup",
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
