"""What a client is shown before it does anything: who serves, and the lists."""

from __future__ import annotations

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import CacheableResult

from flintt_mcp.offers.early import early_inventory
from flintt_mcp.offers.instructions import INSTRUCTIONS
from flintt_mcp.settings import Settings
from tests.face.conftest import NEWEST, Connect

pytestmark = pytest.mark.anyio

DEFAULT = list(early_inventory(Settings(), {}))


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
    async with connect(toolsets=frozenset({"docs"})) as client:
        listed = await client.list_tools()
        with pytest.raises(MCPError) as caught:
            await client.call_tool("list_companies", {})
    assert [tool.name for tool in listed.tools] == ["list_docs", "get_doc", "search_docs"]
    assert caught.value.error.message.startswith("Unknown tool: list_companies")


async def test_the_lists_say_how_long_and_for_whom_they_may_be_kept(connect: Connect, revision: str) -> None:
    async with connect() as client:
        tools = await client.list_tools()
        others = {
            cache_of(await client.list_resources()),
            cache_of(await client.list_resource_templates()),
            cache_of(await client.list_prompts()),
        }
    newest = revision == NEWEST
    assert cache_of(tools) == ((300_000, "private") if newest else (0, "private"))
    assert others == {(300_000, "public") if newest else (0, "private")}


@pytest.mark.parametrize("method", ["list_tools", "list_resources", "list_resource_templates", "list_prompts"])
async def test_every_list_has_one_page_and_knows_no_cursor(connect: Connect, method: str) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as caught:
            await getattr(client, method)(cursor="abc")
    assert (caught.value.error.code, caught.value.error.message) == (
        -32602,
        "Unknown cursor: this list has one page, call it without a cursor",
    )
