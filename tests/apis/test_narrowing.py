"""X-MCP-Toolsets, X-MCP-Tools, X-MCP-Exclude-Tools and X-MCP-Readonly, and the parameters of the URL that say the same, narrow what
one request sees and may call; they never widen it, and a wrong name is told.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from flintt_mcp.app import App
from flintt_mcp.offers.early import early_inventory
from flintt_mcp.serving.asgi import mcp_over_http
from flintt_mcp.settings import Settings
from scripts.handbook.pages import all_tools
from tests.fake_api import KEYS, FakeApi, open_fake
from tests.transports.fixture_app import MODERN, living

pytestmark = pytest.mark.anyio

TOOLSETS = {name: {tool.name for tool in tools} for name, tools in all_tools().items()}
EVERYTHING = set().union(*TOOLSETS.values())
DEFAULT = {tool.name for tool in early_inventory(Settings(), {})}
UNKNOWN = "A toolset that the request names does not exist; there are all, default, flintt, "
SIGNAL = "331e6dbc-ac37-53c7-8cc8-a602506c7eb0"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}


Said = Mapping[str, str]
"""What a request says: headers, and parameters of its URL under all other names."""
PLACES = pytest.mark.parametrize("where", ["toolsets", "x-mcp-toolsets"])


class Narrow:
    """One client that says what it wants to see."""

    def __init__(self, client: httpx2.AsyncClient, fake: FakeApi, app: App) -> None:
        self.client, self.fake, self.app = client, fake, app

    async def post(self, method: str, params: dict[str, Any], said: Said) -> httpx2.Response:
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": MODERN,
            "mcp-method": method,
        }
        headers |= {"x-api-key": KEYS["flintt"], "x-flowpilot-key": KEYS["flowpilot"]}
        headers |= {"mcp-name": params["name"]} if "name" in params else {}
        headers |= {name: value for name, value in said.items() if name.startswith("x-mcp-")}
        query = {name: value for name, value in said.items() if not name.startswith("x-mcp-")}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
        return await self.client.post("/mcp", params=query, json=message, headers=headers)

    async def names(self, said: Said) -> set[str]:
        answer = await self.post("tools/list", {}, said)
        assert answer.status_code == 200, answer.text
        return {tool["name"] for tool in answer.json()["result"]["tools"]}

    async def call(self, tool: str, said: Said, **arguments: str) -> Any:
        answer = await self.post("tools/call", {"name": tool, "arguments": arguments}, said)
        return answer.json()


@asynccontextmanager
async def narrow(folder: Path, **settings: Any) -> AsyncIterator[Narrow]:
    fake = FakeApi()
    async with open_fake(folder, fake, **settings) as app, living(mcp_over_http(app)) as service:
        transport = httpx2.ASGITransport(app=service)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield Narrow(client, fake, app)


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("all", EVERYTHING),
        ("docs", TOOLSETS["docs"]),
        ("flowpilot,docs", TOOLSETS["flowpilot"] | TOOLSETS["docs"]),
        ("default", DEFAULT),
        ("flextell, flowmaticx", TOOLSETS["flextell"] | TOOLSETS["flowmaticx"]),
        ("", EVERYTHING),
        (",", EVERYTHING),
    ],
)
@PLACES
async def test_a_request_sees_the_toolsets_it_names(asked: str, seen: set[str], where: str, tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        assert await client.names({where: asked}) == seen


@pytest.mark.parametrize("asked", ["all", "flowpilot", "default,flowpilot,flowmaticx", "docs,flextell"])
@PLACES
async def test_what_the_server_has_not_on_cannot_be_switched_on_by_a_request(
    asked: str, where: str, tmp_path: Path
) -> None:
    async with narrow(tmp_path, toolsets=("default",)) as client:
        assert await client.names({where: asked}) <= DEFAULT
        answer = await client.call("flowpilot_get_wallet_balance", {where: asked})
        assert answer["error"]["code"] == -32602
        assert answer["error"]["message"].startswith(
            "flowpilot_get_wallet_balance is switched off here: its toolset flowpilot is not among --toolsets"
        )
        assert client.fake.requests == []


@PLACES
async def test_a_tool_outside_what_a_request_narrows_to_cannot_be_called_either(where: str, tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        answer = await client.call("flowpilot_get_wallet_balance", {where: "docs,flintt"})
        assert answer["error"]["code"] == -32602
        assert client.fake.requests == []
        client.fake.will_answer({"balance": 1, "currency": "NGN"})
        answer = await client.call("flowpilot_get_wallet_balance", {where: "flowpilot"})
        assert answer["result"]["structuredContent"]["wallet"]["balance"] == "1"


@PLACES
@pytest.mark.parametrize("asked", ["flowpilott", "docs,nothing", "Docs", "flintt docs", "*"])
async def test_a_toolset_that_does_not_exist_is_told_with_those_that_do(asked: str, where: str, tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        answer = await client.post("tools/list", {}, {where: asked})
        assert answer.status_code == 400
        message = answer.json()["error"]["message"]
        assert message.startswith(UNKNOWN)
        assert asked not in message


async def test_the_header_wins_over_the_query(tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        assert await client.names({"toolsets": "flowpilot", "x-mcp-toolsets": "docs"}) == TOOLSETS["docs"]
        assert await client.names({"toolsets": "flowpilot", "x-mcp-toolsets": ""}) == TOOLSETS["flowpilot"]


READING = {tool.name for tools in all_tools().values() for tool in tools if tool.effect.reads}


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ({"readonly": "1"}, READING),
        ({"readonly": ""}, READING),
        ({"x-mcp-readonly": "true"}, READING),
        ({"x-mcp-readonly": "false", "readonly": "1"}, READING),
        ({"x-mcp-readonly": "false"}, EVERYTHING),
        ({"x-mcp-readonly": "true", "x-mcp-toolsets": "flowpilot"}, READING & TOOLSETS["flowpilot"]),
        ({"x-mcp-tools": "get_doc, delete_signal"}, {"get_doc", "delete_signal"}),
        ({"x-mcp-tools": "get_doc,delete_signal", "readonly": "1"}, {"get_doc"}),
        ({"tools": "get_doc", "x-mcp-toolsets": "flowpilot"}, set()),
        (
            {"x-mcp-exclude-tools": "delete_signal", "exclude_tools": "get_doc"},
            EVERYTHING - {"delete_signal", "get_doc"},
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_a_request_sees_what_everything_it_says_leaves_on(said: Said, seen: set[str], tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        assert await client.names(said) == seen


@pytest.mark.parametrize(
    "said",
    [{"readonly": "1"}, {"x-mcp-tools": "get_signal,get_approval"}, {"x-mcp-exclude-tools": "delete_signal"}],
    ids=str,
)
async def test_what_a_request_leaves_out_is_refused_and_nothing_is_sent(said: Said, tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        answer = await client.call("delete_signal", said, signal_id=SIGNAL)
        assert answer["error"]["code"] == -32602
        assert answer["error"]["message"].startswith("delete_signal is off for this request: it ")
        assert client.fake.requests == []


@pytest.mark.parametrize("where", ["x-mcp-tools", "x-mcp-exclude-tools", "tools", "exclude_tools"])
async def test_a_tool_that_does_not_exist_is_told_with_the_nearest(where: str, tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        answer = await client.post("tools/list", {}, {where: "delete_signl"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "A tool that the request names does not exist; did you mean delete_signal?"
    )


async def test_no_request_switches_on_what_the_operator_switched_off(tmp_path: Path) -> None:
    settings = {"read_only": True, "exclude_tools": ("get_doc",)}
    async with narrow(tmp_path, **settings) as client:
        for said in (
            {"x-mcp-tools": "get_doc,delete_signal"},
            {"x-mcp-readonly": "false", "readonly": "0"},
            {"toolsets": "all"},
        ):
            assert (await client.names(said)) & {"get_doc", "delete_signal"} == set()
            answers = [await client.call(tool, said, signal_id=SIGNAL) for tool in ("get_doc", "delete_signal")]
            assert [answer["error"]["message"].split(". ")[0] for answer in answers] == [
                "get_doc is switched off here: it is among --exclude-tools",
                "delete_signal is switched off here: this server is read-only",
            ]
        assert client.fake.requests == []


async def test_what_was_approved_is_not_done_for_a_request_that_leaves_it_out(tmp_path: Path) -> None:
    async with narrow(tmp_path, approve=("destroy",), approval_secret="x" * 16) as client:
        client.fake.will_answer({"id": SIGNAL, "name": "Hires"}, [])
        told = (await client.call("delete_signal", {}, signal_id=SIGNAL))["result"]["content"][0]["text"]
        id = re.findall(r"int_[\w-]+", told)[0]
        intent = await client.app.approvals.waiting(id)
        assert intent is not None
        await client.app.approvals.decide(intent, "page", approved=True)
        narrowed = [
            await client.call("get_approval", said, intent=id)
            for said in ({"x-mcp-tools": "get_approval"}, {"x-mcp-exclude-tools": "delete_signal"})
        ]
        assert [answer["result"]["isError"] for answer in narrowed] == [True, True]
        assert [request.method for request in client.fake.requests] == ["GET", "GET"]
        client.fake.will_answer({"success": True})
        done = await client.call("get_approval", {"x-mcp-tools": "get_approval,delete_signal"}, intent=id)
        assert done["result"]["structuredContent"]["state"] == "done"
        assert client.fake.requests[-1].method == "DELETE"


async def test_read_only_and_narrowing_go_together(tmp_path: Path) -> None:
    async with narrow(tmp_path, read_only=True) as client:
        names = await client.names({"toolsets": "flowpilot"})
        assert names < TOOLSETS["flowpilot"]
        assert "flowpilot_create_run" not in names
