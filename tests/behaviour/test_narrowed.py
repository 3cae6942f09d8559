"""A client that asks for tools that change nothing sees no others and can call none, on every way, whatever it sends later."""

from __future__ import annotations

import pytest
from mcp.shared.exceptions import MCPError

from .ways import Servers, Truth, Way, connected

pytestmark = pytest.mark.anyio

SIGNAL = "331e6dbc-ac37-53c7-8cc8-a602506c7eb0"
READING = "it asks for tools that change nothing (X-MCP-Readonly, ?readonly)"


async def test_what_changes_something_is_neither_listed_nor_done(way: Way, servers: Servers, truth: Truth) -> None:
    before = truth.ids("flintt_signals")
    async with connected(way, servers, read_only=True) as client:
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed if tool.annotations is None or not tool.annotations.read_only_hint] == []
        assert "list_signals" in [tool.name for tool in listed]
        assert "signal_setup" not in [prompt.name for prompt in (await client.list_prompts()).prompts]
        for tool in ("delete_signal", "get_approval"):
            with pytest.raises(MCPError) as caught:
                await client.call_tool(tool, {"signal_id": SIGNAL})
            why = "this server is read-only" if way.starts_server else READING
            assert why in caught.value.error.message
        assert not (await client.call_tool("list_signals", {})).is_error
    assert truth.ids("flintt_signals") == before
