"""What a client is shown before it does anything: who serves, and the lists."""

from __future__ import annotations

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import CacheableResult, PromptReference, ResourceTemplateReference

from flintt_mcp.calls.narrowing import Narrowing
from flintt_mcp.offers.early import early_inventory
from flintt_mcp.offers.instructions import INSTRUCTIONS
from flintt_mcp.settings import Settings
from tests.face.conftest import NEWEST, Connect

pytestmark = pytest.mark.anyio

DEFAULT = list(early_inventory(Settings(), {}))

SIGNAL = "331e6dbc-ac37-53c7-8cc8-a602506c7eb0"
ALL_BUT_SIGNALS = ["account_research", "daily_brief", "pipeline_review"]


def cache_of(result: CacheableResult) -> tuple[int, str]:
    return result.ttl_ms, result.cache_scope


async def test_the_server_says_who_it_is_and_how_to_use_it(connect: Connect, revision: str) -> None:
    async with connect() as client:
        assert client.protocol_version == revision
        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.title) == ("flintt-mcp", "Flintt")
        assert client.instructions == INSTRUCTIONS
        capabilities = client.server_capabilities
    assert None not in (capabilities.tools, capabilities.resources, capabilities.prompts, capabilities.completions)


async def test_the_default_tools_are_listed_whole_and_in_order(connect: Connect) -> None:
    async with connect() as client:
        listed = await client.list_tools()
    assert [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in listed.tools] == [
        tool.wire for tool in DEFAULT
    ]
    assert listed.next_cursor is None


async def test_tools_are_listed_without_a_key_too(connect: Connect) -> None:
    async with connect(key=None) as client:
        listed = await client.list_tools()
    assert [tool.name for tool in listed.tools] == [tool.name for tool in DEFAULT]


async def test_a_caller_may_see_fewer_toolsets(connect: Connect) -> None:
    async with connect(narrowing=Narrowing(frozenset({"docs"}))) as client:
        listed = await client.list_tools()
        with pytest.raises(MCPError) as caught:
            await client.call_tool("list_companies", {})
    assert [tool.name for tool in listed.tools] == ["list_docs", "get_doc", "search_docs"]
    assert caught.value.error.message == (
        "list_companies is off for this request: it names other toolsets (X-MCP-Toolsets, ?toolsets). tell the person; it is set "
        "where the client keeps the URL and headers of this server"
    )


@pytest.mark.parametrize(
    ("narrowing", "prompts", "templates", "documents"),
    [
        (
            Narrowing(read_only=True),
            ALL_BUT_SIGNALS,
            ["flintt://signals/{signal_id}", "flintt://runs/{run_id}"],
            True,
        ),
        (Narrowing(frozenset({"docs"})), [], [], True),
        (Narrowing(tools=frozenset({"query_workspace", "list_prospects"})), ["pipeline_review"], [], False),
        (Narrowing(excluded=frozenset({"get_signal"})), ALL_BUT_SIGNALS, ["flintt://runs/{run_id}"], True),
    ],
    ids=["read-only", "docs", "two tools", "but one"],
)
async def test_prompts_and_resources_go_with_the_tools_they_need(
    connect: Connect, narrowing: Narrowing, prompts: list[str], templates: list[str], documents: bool
) -> None:
    async with connect(narrowing=narrowing) as client:
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == prompts
        listed = await client.list_resource_templates()
        assert [template.uri_template for template in listed.resource_templates] == templates
        fixed = {str(resource.uri).partition("://")[0] for resource in (await client.list_resources()).resources}
        assert fixed == ({"docs"} if documents else set()) | ({"skill"} if prompts else set())


async def test_what_is_not_listed_for_a_request_cannot_be_had_either(connect: Connect) -> None:
    async with connect(narrowing=Narrowing(tools=frozenset({"list_runs"}))) as client:
        asked = [
            lambda: client.get_prompt("signal_setup", {"goal": "x"}),
            lambda: client.read_resource(f"flintt://signals/{SIGNAL}"),
            lambda: client.read_resource("docs://quickstart"),
            lambda: client.complete(PromptReference(name="signal_setup"), {"name": "frequency", "value": ""}),
            lambda: client.complete(
                ResourceTemplateReference(uri="flintt://signals/{signal_id}"), {"name": "signal_id", "value": ""}
            ),
        ]
        told = []
        for ask in asked:
            with pytest.raises(MCPError) as caught:
                await ask()
            told.append(caught.value.error.message)
    assert told == [
        "Unknown prompt: signal_setup. There are: none for this request",
        "Resource not found or not readable. resources/list and resources/templates/list name those there are",
        "Resource not found or not readable. resources/list and resources/templates/list name those there are",
        "Unknown prompt: signal_setup",
        "Unknown resource template; resources/templates/list names those there are",
    ]


async def test_the_lists_say_how_long_they_may_be_kept_and_that_they_are_the_callers_own(
    connect: Connect, revision: str
) -> None:
    async with connect() as client:
        lists = {
            cache_of(await client.list_tools()),
            cache_of(await client.list_resources()),
            cache_of(await client.list_resource_templates()),
            cache_of(await client.list_prompts()),
        }
    assert lists == {(300_000, "private") if revision == NEWEST else (0, "private")}


@pytest.mark.parametrize("method", ["list_tools", "list_resources", "list_resource_templates", "list_prompts"])
async def test_every_list_has_one_page_and_knows_no_cursor(connect: Connect, method: str) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as caught:
            await getattr(client, method)(cursor="abc")
    assert (caught.value.error.code, caught.value.error.message) == (
        -32602,
        "Unknown cursor: this list has one page, call it without a cursor",
    )
