"""Resources: the handbook, public, and objects of the workspace, the caller's own."""

from __future__ import annotations

import json

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ErrorData, ReadResourceResult, TextContent, TextResourceContents

from flintt_mcp.calls.reply import objects_of
from tests.certain import of_kind
from tests.face.conftest import NEWEST, Connect

pytestmark = pytest.mark.anyio


async def read(client: Client, uri: str) -> tuple[ReadResourceResult, TextResourceContents]:
    result = await client.read_resource(uri)
    assert isinstance(result, ReadResourceResult)
    (contents,) = result.contents
    assert isinstance(contents, TextResourceContents)
    return result, contents


async def refusal(client: Client, uri: str) -> ErrorData:
    with pytest.raises(MCPError) as caught:
        await client.read_resource(uri)
    return caught.value.error


async def first_signal(client: Client) -> str:
    result = await client.call_tool("list_signals", {"limit": 1})
    return objects_of(result.structured_content["signals"])[0]["id"]


async def test_every_document_is_a_resource(connect: Connect) -> None:
    async with connect(key=None) as client:
        resources = (await client.list_resources()).resources
        listed = await client.call_tool("list_docs", {"developers": True})
        docs = objects_of(listed.structured_content["docs"])
    assert [
        (str(one.uri), one.name, one.title, one.description, one.mime_type)
        for one in resources
        if one.name == str(one.uri).removeprefix("docs://")
    ] == [(f"docs://{doc['slug']}", doc["slug"], doc["title"], doc["about"], "text/markdown") for doc in docs]


async def test_signals_and_runs_are_templates(connect: Connect) -> None:
    async with connect(key=None) as client:
        templates = (await client.list_resource_templates()).resource_templates
    assert [(one.uri_template, one.name, one.mime_type) for one in templates] == [
        ("flintt://signals/{signal_id}", "signal", "application/json"),
        ("flintt://runs/{run_id}", "run", "application/json"),
    ]


async def test_a_document_is_read_without_a_key_and_may_be_kept_by_anybody(connect: Connect, revision: str) -> None:
    async with connect(key=None) as client:
        result, contents = await read(client, "docs://errors")
        tool = await client.call_tool("get_doc", {"slug": "errors"})
    assert contents.text.startswith("# ")
    assert contents.text == of_kind(TextContent, tool.content[0]).text
    assert tool.structured_content is None
    assert (str(contents.uri), contents.mime_type) == ("docs://errors", "text/markdown")
    if revision == NEWEST:
        assert (result.ttl_ms, result.cache_scope) == (3_600_000, "public")


async def test_a_signal_is_read_as_its_tool_answers_and_is_the_callers_own(connect: Connect, revision: str) -> None:
    async with connect() as client:
        id = await first_signal(client)
        result, contents = await read(client, f"flintt://signals/{id}")
        tool = await client.call_tool("get_signal", {"signal_id": id})
    assert json.loads(contents.text) == tool.structured_content
    assert contents.mime_type == "application/json"
    if revision == NEWEST:
        assert (result.ttl_ms, result.cache_scope) == (0, "private")


async def test_a_run_is_read_with_its_results(connect: Connect) -> None:
    async with connect() as client:
        runs = await client.call_tool("list_runs", {"limit": 1})
        id = objects_of(runs.structured_content["runs"])[0]["id"]
        _, contents = await read(client, f"flintt://runs/{id}")
    found = json.loads(contents.text)
    assert found["run"]["id"] == id
    assert {"validation_results", "raw_results"} <= found.keys()


@pytest.mark.parametrize(
    "uri",
    [
        "docs://nope",
        "docs://../../etc/passwd",
        "docs://errors/x",
        "flintt://companies/c1",
        "flintt://signals/",
        "other:x",
    ],
)
async def test_a_resource_that_is_not_there_is_an_error_that_names_where_to_look(connect: Connect, uri: str) -> None:
    async with connect() as client:
        error = await refusal(client, uri)
    assert (error.code, error.message, error.data) == (
        -32602,
        "Resource not found or not readable. resources/list and resources/templates/list name those there are",
        {"uri": uri},
    )


async def test_a_workspace_object_that_is_not_there_is_told_as_its_tool_tells_it(connect: Connect) -> None:
    async with connect() as client:
        error = await refusal(client, "flintt://signals/00000000-0000-4000-8000-000000000000")
    assert "Flintt knows nothing under that id in this workspace (404)" in error.message


async def test_a_workspace_object_needs_a_key(connect: Connect) -> None:
    async with connect(key=None) as client:
        error = await refusal(client, "flintt://signals/00000000-0000-4000-8000-000000000000")
    assert "needs a Flintt key" in error.message


async def test_an_id_in_a_uri_cannot_climb(connect: Connect) -> None:
    async with connect() as client:
        error = await refusal(client, "flintt://signals/%2E%2E")
    assert "signal_id: not an id" in error.message
