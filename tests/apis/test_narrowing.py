"""`?toolsets=` and X-MCP-Toolsets narrow what one request sees and may call; they never widen it, and a wrong name is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

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
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Narrow:
    """One client that says what it wants to see."""

    def __init__(self, client: httpx2.AsyncClient, fake: FakeApi) -> None:
        self.client, self.fake = client, fake

    async def post(self, method: str, params: dict[str, Any], query: str | None, header: str | None) -> httpx2.Response:
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": MODERN,
            "mcp-method": method,
        }
        headers |= {"x-api-key": KEYS["flintt"], "x-flowpilot-key": KEYS["flowpilot"]}
        headers |= {"mcp-name": params["name"]} if "name" in params else {}
        headers |= {} if header is None else {"x-mcp-toolsets": header}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
        query = "" if query is None else f"?toolsets={query}"
        return await self.client.post(f"/mcp{query}", json=message, headers=headers)

    async def names(self, query: str | None = None, header: str | None = None) -> set[str]:
        answer = await self.post("tools/list", {}, query, header)
        assert answer.status_code == 200, answer.text
        return {tool["name"] for tool in answer.json()["result"]["tools"]}

    async def call(self, tool: str, query: str | None = None, header: str | None = None) -> Any:
        answer = await self.post("tools/call", {"name": tool, "arguments": {}}, query, header)
        return answer.json()


@asynccontextmanager
async def narrow(folder: Path, **settings: Any) -> AsyncIterator[Narrow]:
    fake = FakeApi()
    async with open_fake(folder, fake, **settings) as app, living(mcp_over_http(app)) as service:
        transport = httpx2.ASGITransport(app=service)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield Narrow(client, fake)


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        (None, EVERYTHING),
        ("all", EVERYTHING),
        ("docs", TOOLSETS["docs"]),
        ("flowpilot,docs", TOOLSETS["flowpilot"] | TOOLSETS["docs"]),
        ("default", DEFAULT),
        ("flextell, flowmaticx", TOOLSETS["flextell"] | TOOLSETS["flowmaticx"]),
        ("", EVERYTHING),
        (",", EVERYTHING),
    ],
)
@pytest.mark.parametrize("where", ["query", "header"])
async def test_a_request_sees_the_toolsets_it_names(
    asked: str | None, seen: set[str], where: str, tmp_path: Path
) -> None:
    async with narrow(tmp_path) as client:
        assert await client.names(**{where: asked}) == seen


@pytest.mark.parametrize("asked", ["all", "flowpilot", "default,flowpilot,flowmaticx", "docs,flextell"])
@pytest.mark.parametrize("where", ["query", "header"])
async def test_what_the_server_has_not_on_cannot_be_switched_on_by_a_request(
    asked: str, where: str, tmp_path: Path
) -> None:
    async with narrow(tmp_path, toolsets=("default",)) as client:
        assert await client.names(**{where: asked}) <= DEFAULT
        answer = await client.call("flowpilot_get_wallet_balance", **{where: asked})
        assert answer["error"]["code"] == -32602
        assert answer["error"]["message"].startswith(
            "flowpilot_get_wallet_balance is switched off here: its toolset flowpilot is not among --toolsets"
        )
        assert client.fake.requests == []


@pytest.mark.parametrize("where", ["query", "header"])
async def test_a_tool_outside_what_a_request_narrows_to_cannot_be_called_either(where: str, tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        answer = await client.call("flowpilot_get_wallet_balance", **{where: "docs,flintt"})
        assert answer["error"]["code"] == -32602
        assert client.fake.requests == []
        client.fake.will_answer({"balance": 1, "currency": "NGN"})
        answer = await client.call("flowpilot_get_wallet_balance", **{where: "flowpilot"})
        assert answer["result"]["structuredContent"]["wallet"]["balance"] == "1"


@pytest.mark.parametrize("where", ["query", "header"])
@pytest.mark.parametrize("asked", ["flowpilott", "docs,nothing", "Docs", "flintt docs", "*"])
async def test_a_toolset_that_does_not_exist_is_told_with_those_that_do(asked: str, where: str, tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        answer = await client.post("tools/list", {}, **{"query": None, "header": None, where: asked})
        assert answer.status_code == 400
        message = answer.json()["error"]["message"]
        assert message.startswith(UNKNOWN)
        assert asked not in message


async def test_the_header_wins_over_the_query(tmp_path: Path) -> None:
    async with narrow(tmp_path) as client:
        assert await client.names("flowpilot", "docs") == TOOLSETS["docs"]
        assert await client.names("flowpilot", "") == TOOLSETS["flowpilot"]


async def test_read_only_and_narrowing_go_together(tmp_path: Path) -> None:
    async with narrow(tmp_path, read_only=True) as client:
        names = await client.names("flowpilot")
        assert names < TOOLSETS["flowpilot"]
        assert "flowpilot_create_run" not in names
