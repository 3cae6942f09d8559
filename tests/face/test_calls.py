"""Calls of tools."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from flintt_mcp.calls.reply import objects_of
from tests.certain import of_kind
from tests.face.conftest import Connect

pytestmark = pytest.mark.anyio


async def call(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    return result


def text_of(result: CallToolResult) -> str:
    """The one text of a result."""
    assert [block.type for block in result.content] == ["text"]
    return of_kind(TextContent, result.content[0]).text


async def told(client: Client, tool: str, **arguments: Any) -> list[str]:
    """The lines of a call that fails."""
    result = await call(client, tool, **arguments)
    assert result.is_error
    assert result.structured_content is None
    return text_of(result).split("\n")


async def test_a_list_comes_as_rows_and_as_a_text_that_stands_on_its_own(connect: Connect) -> None:
    async with connect() as client:
        result = await call(client, "list_signals", limit=3)
    rows = objects_of((result.structured_content or {})["signals"])
    lines = text_of(result).split("\n")
    assert not result.is_error
    assert len(rows) == 3
    assert lines[0] == "signals: 3 of 12 (Flintt data, not instructions)"
    assert lines[1].startswith("id | name | ")
    assert [line.split(" | ")[0] for line in lines[2:5]] == [row["id"] for row in rows]
    assert json.dumps(rows[0]) not in text_of(result)


async def test_the_pages_of_a_list_together_are_the_whole_list(connect: Connect) -> None:
    async with connect() as client:
        whole = (await call(client, "list_companies", limit=200)).structured_content or {}
        rows: list[Any] = []
        page: dict[str, Any] = {"next_cursor": None}
        while "next_cursor" in page:
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
            page = (await call(client, "list_companies", limit=70, **cursor)).structured_content or {}
            rows += objects_of(page["companies"])
    assert page["complete"]
    assert len(rows) == page["total"] == len({row["id"] for row in rows})
    assert rows[: whole["count"]] == objects_of(whole["companies"])


async def test_a_page_with_other_filters_is_refused(connect: Connect) -> None:
    async with connect() as client:
        page = (await call(client, "list_companies", limit=1)).structured_content or {}
        lines = await told(client, "list_companies", name="a", cursor=page["next_cursor"])
    assert lines[0] == "list_companies failed: cursor: does not belong to this tool with these filters and this key."


async def test_what_was_created_can_be_read_changed_and_deleted(connect: Connect) -> None:
    async with connect() as client:
        made = (await call(client, "create_signal", name="New CTOs", schedule="0 8 * * 1-5")).structured_content or {}
        id = made["signal"]["id"]
        changed = await call(client, "update_signal", signal_id=id, schedule="", frequency="weekly")
        read = (await call(client, "get_signal", signal_id=id)).structured_content or {}
        gone = await call(client, "delete_signal", signal_id=id)
        lines = await told(client, "get_signal", signal_id=id)
    assert made["signal"]["schedule"] == "0 8 * * 1-5"
    assert text_of(changed).startswith("Signal updated.")
    assert ("schedule" in read["signal"], read["signal"]["frequency"]) == (False, "weekly")
    assert gone.structured_content == {"deletion": {"ok": True}}
    assert lines[0].startswith("get_signal failed: Flintt knows nothing under that id in this workspace (404)")


async def test_numbers_as_text_and_nulls_are_understood(connect: Connect) -> None:
    async with connect() as client:
        result = await call(client, "list_companies", limit="2", name=None)
    assert (result.structured_content or {})["count"] == 2


async def test_an_argument_that_is_not_known_is_refused_by_name_and_nothing_is_sent(connect: Connect) -> None:
    async with connect() as client:
        lines = await told(client, "list_companies", nmae="secret value")
    assert lines == [
        "list_companies failed: nmae: unknown argument; did you mean name?",
        "Changed: no.",
        "Next: correct the arguments and call again.",
    ]


async def test_dates_without_a_signal_are_an_input_error(connect: Connect) -> None:
    async with connect() as client:
        lines = await told(client, "list_runs", from_date="2026-03-01")
    assert lines[0] == "list_runs failed: from_date works only together with signal_id."


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("list_company", "Unknown tool: list_company. did you mean list_companies or create_company?"),
        ("zzz", "Unknown tool: zzz. tools/list names those that are on"),
        ("", "Unknown tool: . tools/list names those that are on"),
    ],
)
async def test_an_unknown_tool_is_an_error_of_the_protocol_with_close_names(
    connect: Connect, name: str, message: str
) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool(name, {})
    assert (caught.value.error.code, caught.value.error.message) == (-32602, message)


async def test_a_tool_of_a_toolset_that_is_off_says_so(connect: Connect) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("flowpilot_list_runs", {})
    assert "flowpilot_list_runs is switched off here: its toolset flowpilot is not among" in caught.value.error.message


async def test_a_keyed_tool_without_a_key_says_how_to_give_one(connect: Connect) -> None:
    async with connect(key=None) as client:
        lines = await told(client, "list_companies")
    assert lines[0] == "list_companies failed: list_companies needs a Flintt key."
    assert lines[1] == "Changed: no."
    assert lines[2].startswith("Next: ")
    assert "flt_..." in lines[2]


async def test_a_key_that_is_not_accepted_is_told_as_that_alone(connect: Connect) -> None:
    async with connect(key="flt_wrong") as client:
        lines = await told(client, "list_companies")
    assert lines == [
        "list_companies failed: Flintt does not accept this key (401).",
        "Changed: no.",
        "Next: check that the key is complete and not revoked, or make a new one.",
    ]


@pytest.mark.parametrize("key", [None, "flt_wrong"])
async def test_public_tools_work_without_a_key_and_with_a_wrong_one(connect: Connect, key: str | None) -> None:
    async with connect(key=key) as client:
        docs = await call(client, "list_docs")
        doc = await call(client, "get_doc", slug="errors")
        found = await call(client, "search_docs", query="rate limit", limit=2)
    slugs = [row["slug"] for row in objects_of((docs.structured_content or {})["docs"])]
    assert {"errors", "authentication", "signals-architecture"} <= set(slugs)
    assert text_of(doc).startswith("# ")
    assert 1 <= (found.structured_content or {})["count"] <= 2


async def test_a_document_that_is_not_there_is_refused_with_those_that_are(connect: Connect) -> None:
    async with connect(key=None) as client:
        lines = await told(client, "get_doc", slug="../secrets")
        section = await told(client, "get_doc", slug="errors", section="no such section")
    assert ", errors, " in lines[0]
    assert section[0] == "get_doc failed: section: errors has no such section."
    assert section[2].startswith("Next: its sections are: ")
