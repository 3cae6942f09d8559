"""The direct way of plain requests answers as the SDK's own way does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult, ListToolsResult, RequestParamsMeta, TextContent

from flintt_mcp.app import Additions
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Reply
from flintt_mcp.face.tool_requests import ToolAnswersFirst
from flintt_mcp.rest.sending.message import UpstreamResponse
from tests.certain import of_kind
from tests.face.conftest import probe
from tests.fake_api import FakeApi, open_fake

pytestmark = pytest.mark.anyio

MODES = ["auto", "legacy"]


async def _answers(tmp_path: Path, mode: str, direct: bool) -> list[dict[str, Any]]:
    """What a client gets for a list of requests, with or without the short way."""
    fake = FakeApi()
    rows = [{"id": "c1", "name": "Ä", "n": 1.5, "none": None, "deep": {"a": [True]}}, {"id": "c2"}]
    fake.will_answer(rows, {"detail": "no"}, rows, status=200)
    fake.answers[1] = replace(of_kind(UpstreamResponse, fake.answers[1]), status=422)
    async with open_fake(tmp_path, fake, {"FLINTT_API_KEY": "flt_a"}, toolsets=("default",)) as app:
        server = app.server()
        if not direct:
            server.middleware[:] = [one for one in server.middleware if not isinstance(one, ToolAnswersFirst)]
        async with Client(server, mode=mode) as client:
            results = [
                await client.list_tools(),
                await client.call_tool("list_companies", {}),
                await client.call_tool("list_companies", {"name": "x"}),
                await client.call_tool("list_companies", {"limit": 1}, meta=RequestParamsMeta(progress_token="p")),
                await client.call_tool("list_companies", {"nope": 1}),
                await client.call_tool("list_docs"),
            ]
    return [result.model_dump(by_alias=True, mode="json") for result in results]


@pytest.mark.parametrize("mode", MODES)
async def test_the_direct_way_answers_exactly_as_the_sdks_own(tmp_path: Path, mode: str) -> None:
    direct = await _answers(tmp_path, mode, direct=True)
    assert direct == await _answers(tmp_path, mode, direct=False)
    assert ListToolsResult.model_validate(direct[0]).tools[0].name == "list_companies"


@pytest.mark.parametrize("mode", MODES)
async def test_a_tool_that_asks_takes_the_sdks_own_way_and_still_answers(tmp_path: Path, mode: str) -> None:
    additions = Additions(tools=[probe(long_lived=True)])
    async with open_fake(tmp_path, additions=additions) as app, Client(app.server(), mode=mode) as client:
        result = await client.call_tool("probe", {"what": "x"})
    assert isinstance(result, CallToolResult)
    assert [of_kind(TextContent, block).text for block in result.content] == ["done"]


@pytest.mark.parametrize("mode", MODES)
async def test_a_fault_of_our_own_tells_a_client_nothing_of_it(tmp_path: Path, mode: str) -> None:
    async def fail(call: Call) -> Reply:
        raise RuntimeError("flt_secret")

    additions = Additions(tools=[probe(fail)])
    async with open_fake(tmp_path, additions=additions) as app, Client(app.server(), mode=mode) as client:
        result = await client.call_tool("probe", {})
    assert isinstance(result, CallToolResult)
    assert [of_kind(TextContent, block).text for block in result.content] == [
        "probe failed: The server failed on this call.\nChanged: no.\nNext: tell the operator."
    ]
