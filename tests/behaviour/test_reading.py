"""What clients read: the same answers on every way, and exactly what the sandbox holds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolResult,
    Implementation,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

from flintt_mcp import __version__
from flintt_mcp.calls.reply import objects_of
from flintt_mcp.offers.handbook.documents import Handbook, default_folder
from tests.certain import of_kind
from tests.snapshots import FOLDER as SNAPSHOTS

from .conftest import Connect
from .ways import OTHER_KEY, WAYS, WRONG_KEY, Servers, Truth, Way, connected

pytestmark = pytest.mark.anyio

TOOLS = [
    *("list_companies", "create_company", "list_prospects", "create_prospect", "list_signals", "get_signal"),
    *("create_signal", "update_signal", "delete_signal", "list_runs", "get_run", "list_docs", "get_doc", "search_docs"),
    *(
        "query_workspace",
        "list_findings",
        "changes_since",
        "match_companies",
        "preview_import",
        "commit_import",
        "get_approval",
        "wait_for",
    ),
]
WAITS_FOR = {"run", "intent", "seconds"}
"""What wait_for takes of all that its snapshot shows: it waits for what the toolsets that are on have."""
NOT_THERE = "00000000-0000-4000-8000-000000000000"
HOW_TO_GIVE_A_KEY = {
    "http": "add ?api_key=KEY to the MCP URL or send the header X-API-Key: KEY",
    "stdio": "set FLINTT_API_KEY in the env block of this server's entry in the client's configuration and restart the client",
}


async def done(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured content of a call that works, whose text stands beside it."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert not result.is_error, result.content
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert len(block.text) > 10
    return result.structured_content or {}


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert (result.is_error, result.structured_content) == (True, None)
    return of_kind(TextContent, result.content[0]).text


async def pages(client: Client, tool: str, rows: str, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
    """Every page of a list to its end; a list that goes in circles fails."""
    page = await done(client, tool, **arguments)
    seen = set()
    while True:
        assert page["count"] == len(page[rows]["rows"])
        yield page
        if "next_cursor" not in page:
            return
        assert page["next_cursor"] not in seen
        seen.add(page["next_cursor"])
        page = await done(client, tool, **arguments, cursor=page["next_cursor"])


async def test_the_client_and_the_server_agree_on_the_revision_and_say_who_they_are(connect: Connect, way: Way) -> None:
    async with connect() as client:
        server = client.server_info
        assert client.protocol_version == way.revision
        assert server is not None
        assert (server.name, server.title, server.version) == ("flintt-mcp", "Flintt", __version__)
        offered = client.server_capabilities.model_dump(exclude_none=True)
        extensions = {"extensions"} if way.modern else set()
        assert offered.keys() == {"tools", "resources", "prompts", "completions"} | extensions
        assert (client.instructions or "").startswith("Tools for a Flintt workspace")


async def test_every_tool_is_listed_as_its_snapshot_shows_it(connect: Connect, way: Way) -> None:
    async with connect() as client:
        listed = await client.list_tools()
    told = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in listed.tools]
    assert [tool["name"] for tool in told] == TOOLS
    waits = told[-1]["inputSchema"]["properties"]
    assert set(waits) == WAITS_FOR
    snapshot = json.loads((SNAPSHOTS / "wait_for.json").read_text("utf-8"))["inputSchema"]["properties"]
    assert waits == {name: snapshot[name] for name in waits}
    previews = next(tool for tool in told if tool["name"] == "preview_import")
    assert "from_job" not in previews["inputSchema"]["properties"]
    for tool in told[:-1]:
        if tool is not previews:
            assert tool == json.loads((SNAPSHOTS / f"{tool['name']}.json").read_text("utf-8")), tool["name"]
    if way.modern:
        assert (listed.ttl_ms, listed.cache_scope) == (300_000, "private")


async def test_resources_templates_and_prompts_are_listed_without_a_key(connect: Connect) -> None:
    async with connect(key=None) as client:
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        prompts = (await client.list_prompts()).prompts
    skills = ["account-research", "daily-brief", "pipeline-review", "signal-setup"]
    assert [str(one.uri) for one in resources] == [
        *(f"docs://{document.slug}" for document in Handbook(default_folder())),
        *(f"skill://{name}/SKILL.md" for name in skills),
    ]
    assert [one.uri_template for one in templates] == ["flintt://signals/{signal_id}", "flintt://runs/{run_id}"]
    names = ["account_research", "daily_brief", "pipeline_review", "signal_setup"]
    assert [one.name for one in prompts] == names


@pytest.mark.parametrize(
    ("tool", "rows", "table", "limit"),
    [
        ("list_companies", "companies", "flintt_companies", 70),
        ("list_companies", "companies", "flintt_companies", 200),
        ("list_signals", "signals", "flintt_signals", 5),
        ("list_runs", "runs", "flintt_runs", 50),
    ],
)
async def test_the_pages_together_are_what_the_sandbox_holds(
    connect: Connect, truth: Truth, tool: str, rows: str, table: str, limit: int
) -> None:
    async with connect() as client:
        found = [page async for page in pages(client, tool, rows, limit=limit)]
    assert sorted(row["id"] for page in found for row in objects_of(page[rows])) == truth.ids(table)
    assert [page["complete"] for page in found] == [False] * (len(found) - 1) + [True]
    assert all(len(json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()) <= 9_000 for page in found)


async def test_a_client_that_is_known_to_take_more_gets_more(way: Way, servers: Servers) -> None:
    sizes = []
    for name in ("claude-code", "somebody"):
        async with connected(way, servers, client_info=Implementation(name=name, version="1")) as client:
            page = await done(client, "list_companies", limit=200, fields="all")
        sizes.append(len(json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()))
    assert 9_000 < sizes[0] <= 30_000
    assert 7_000 < sizes[1] <= 9_000


async def test_where_the_api_caps_a_list_the_result_says_so_and_narrowing_finds_the_rest(
    connect: Connect, truth: Truth
) -> None:
    stages = [row[0] for row in truth.rows("SELECT DISTINCT stage FROM flintt_prospects WHERE user_id = ?", truth.user)]
    async with connect() as client:
        capped = [page async for page in pages(client, "list_prospects", "prospects")]
        narrow = [page for stage in stages async for page in pages(client, "list_prospects", "prospects", stage=stage)]
    assert sum(page["count"] for page in capped) == 100
    assert not capped[-1]["complete"]
    assert "stage" in capped[-1]["note"]
    assert sorted(row["id"] for page in narrow for row in objects_of(page["prospects"])) == truth.ids(
        "flintt_prospects"
    )


async def test_an_object_is_read_as_the_sandbox_holds_it_as_tool_and_as_resource(
    connect: Connect, truth: Truth
) -> None:
    columns = "id, name, description, frequency, schedule, status, tool_count, created_at"
    (row,) = truth.rows(f"SELECT {columns} FROM flintt_signals WHERE user_id = ? ORDER BY id LIMIT 1", truth.user)
    expected = dict(zip(columns.split(", "), row, strict=True))
    async with connect() as client:
        told = await done(client, "get_signal", signal_id=row[0])
        read = await client.read_resource(f"flintt://signals/{row[0]}")
    assert {name: told["signal"].get(name) for name in expected} == expected
    assert json.loads(of_kind(TextResourceContents, read.contents[0]).text) == told


async def test_a_run_comes_with_its_results(connect: Connect, truth: Truth) -> None:
    ((id, valid),) = truth.rows(
        "SELECT id, valid_count FROM flintt_runs WHERE user_id = ? ORDER BY valid_count DESC, id LIMIT 1", truth.user
    )
    async with connect() as client:
        told = await done(client, "get_run", run_id=id)
        read = await client.read_resource(f"flintt://runs/{id}")
    assert (told["run"]["id"], len(objects_of(told["validation_results"]))) == (id, valid)
    assert json.loads(of_kind(TextResourceContents, read.contents[0]).text) == told


async def test_the_handbook_is_read_whole_without_a_key(connect: Connect) -> None:
    async with connect(key=None) as client:
        listed = await done(client, "list_docs")
        for document in Handbook(default_folder()):
            (whole,) = (await client.read_resource(f"docs://{document.slug}")).contents
            assert of_kind(TextResourceContents, whole).text == document.markdown
        section = await client.call_tool("get_doc", {"slug": "errors", "section": "Input errors"})
        hits = await done(client, "search_docs", query="stage of a deal", limit=3)
    assert [row["slug"] for row in objects_of(listed["docs"])] == [
        document.slug for document in Handbook(default_folder()) if not document.for_developers
    ]
    assert of_kind(TextContent, section.content[0]).text.startswith("## Input errors\n")
    assert hits["count"] == 3


async def test_every_prompt_is_filled_in(connect: Connect) -> None:
    values = {"goal": "new CTOs", "company": "Osprey Pay", "signal_id": NOT_THERE}
    async with connect(key=None) as client:
        for prompt in (await client.list_prompts()).prompts:
            needed = {one.name: values[one.name] for one in prompt.arguments or () if one.required}
            (message,) = (await client.get_prompt(prompt.name, needed)).messages
            assert message.role == "user"
            assert all(value in of_kind(TextContent, message.content).text for value in needed.values())


async def test_stages_frequencies_and_signals_are_completed(connect: Connect, truth: Truth) -> None:
    async with connect() as client:
        stage = await client.complete(PromptReference(name="pipeline_review"), {"name": "stage", "value": "q"})
        often = await client.complete(PromptReference(name="signal_setup"), {"name": "frequency", "value": ""})
        template = ResourceTemplateReference(uri="flintt://signals/{signal_id}")
        signals = await client.complete(template, {"name": "signal_id", "value": ""})
    assert stage.completion.values == ["qualified"]
    assert often.completion.values == ["daily", "weekly", "monthly"]
    assert sorted(signals.completion.values) == truth.ids("flintt_signals")


async def test_calls_at_once_get_their_own_answers(connect: Connect, truth: Truth) -> None:
    ids = truth.ids("flintt_runs")[:24]
    answers: dict[str, str] = {}

    async def ask(client: Client, id: str) -> None:
        answers[id] = (await done(client, "get_run", run_id=id))["run"]["id"]

    async with connect() as client, anyio.create_task_group() as group:
        for id in ids:
            group.start_soon(ask, client, id)
    assert answers == {id: id for id in ids}


async def test_what_cannot_be_done_is_told_in_the_same_words(connect: Connect) -> None:
    next_time = "Next: correct the arguments and call again."
    async with connect() as client:
        page = await done(client, "list_companies", limit=1)
        told = [
            await refused(client, "get_run"),
            await refused(client, "list_runs", limt=5),
            await refused(client, "list_runs", limit=0),
            await refused(client, "get_signal", signal_id=NOT_THERE),
            await refused(client, "list_signals", cursor=page["next_cursor"]),
            await refused(client, "create_prospect"),
        ]
    assert told == [
        f"get_run failed: run_id: required.\nChanged: no.\n{next_time}",
        f"list_runs failed: limt: unknown argument; did you mean limit?\nChanged: no.\n{next_time}",
        f"list_runs failed: limit: greater than or equal to 1.\nChanged: no.\n{next_time}",
        'get_signal failed: Flintt knows nothing under that id in this workspace (404): "Signal not found".\n'
        "Changed: no.\nNext: take the id from a list tool and call again.",
        "list_signals failed: cursor: does not belong to this tool with these filters and this key.\n"
        "Changed: no.\nNext: repeat the filters of the page that gave it, or start again without a cursor.",
        f"create_prospect failed: give at least one of company_id, name.\nChanged: no.\n{next_time}",
    ]


async def test_a_name_that_is_not_there_is_an_error_of_the_protocol(connect: Connect) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as tool:
            await client.call_tool("list_company", {})
        with pytest.raises(MCPError) as resource:
            await client.read_resource("docs://nothing")
        with pytest.raises(MCPError) as prompt:
            await client.get_prompt("nothing", {})
        with pytest.raises(MCPError) as argument:
            await client.get_prompt("account_research", {})
        with pytest.raises(MCPError) as cursor:
            await client.list_tools(cursor="x")
    assert [caught.value.error.code for caught in (tool, resource, prompt, argument, cursor)] == [-32602] * 5
    assert [caught.value.error.message for caught in (tool, prompt, argument)] == [
        "Unknown tool: list_company. did you mean list_companies or create_company?",
        "Unknown prompt: nothing. There are: account_research, daily_brief, pipeline_review, signal_setup",
        "The prompt account_research needs company",
    ]


async def test_without_a_key_a_tool_says_how_to_give_one_on_this_transport(connect: Connect, way: Way) -> None:
    how = HOW_TO_GIVE_A_KEY["http" if way.brings_key else "stdio"]
    async with connect(key=None) as client:
        assert await refused(client, "list_companies") == (
            "list_companies failed: list_companies needs a Flintt key.\nChanged: no.\n"
            f"Next: {how} (a key looks like flt_... and comes from the workspace settings of Flintt)."
        )


async def test_a_key_that_is_not_accepted_is_told_as_that_alone(connect: Connect) -> None:
    async with connect(key=WRONG_KEY) as client:
        assert await refused(client, "list_companies") == (
            "list_companies failed: Flintt does not accept this key (401).\nChanged: no.\n"
            "Next: check that the key is complete and not revoked, or make a new one."
        )
        assert (await done(client, "list_docs"))["complete"]


# A process of one person has one caller.
@pytest.mark.parametrize("way", [way for way in WAYS if way.brings_key], indirect=True, ids=str, scope="session")
async def test_two_callers_see_their_own_rows_and_cannot_use_each_others_cursors(
    connect: Connect, way: Way, truth: Truth
) -> None:
    async with connect() as one, connect(key=OTHER_KEY) as other:
        theirs = [row["id"] for row in objects_of((await done(other, "list_signals"))["signals"])]
        first = await done(one, "list_companies", limit=1)
        borrowed = await refused(other, "list_companies", limit=1, cursor=first["next_cursor"])
        foreign = await refused(other, "get_signal", signal_id=truth.ids("flintt_signals")[0])
    assert set(theirs).isdisjoint(truth.ids("flintt_signals"))
    assert "cursor: does not belong to this tool with these filters and this key" in borrowed
    assert "404" in foreign
