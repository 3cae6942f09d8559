"""What a client carries for us between two calls is worth nothing in the hands of another caller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from flintt_mcp.app import Additions, open_app
from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call, Next
from flintt_mcp.calls.reply import Ask, Done, Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.serving.asgi import mcp_over_http
from flintt_mcp.settings import Settings

from .fixture_app import living

pytestmark = pytest.mark.anyio

REVISION = "2026-07-28"
FORM = {"type": "object", "properties": {"name": {"type": "string"}}}
QUESTION = {"method": "elicitation/create", "params": {"mode": "form", "message": "Who?", "requestedSchema": FORM}}
HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": REVISION,
    "mcp-method": "tools/call",
    "mcp-name": "ask",
}
META = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
}


async def _ask(call: Call) -> Reply:
    return Done("done") if call.state == "left here" else Ask({"who": QUESTION}, "left here")


async def _done(call: Call) -> Reply:
    return Done("done")


async def _ask_first(call: Call, next: Next) -> Reply:
    """Stage: every call is asked about first, whatever its tool."""
    return await next(call) if call.state == "left here" else Ask({"who": QUESTION}, "left here")


class _Confirm:
    """The same as a stage that announces its questions, and counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def may_ask(self, tool: Tool) -> bool:
        return tool.name == "ask"

    async def __call__(self, call: Call, next: Next) -> Reply:
        self.calls += 1
        return await _ask_first(call, next)


async def _posted(client: httpx2.AsyncClient, key: str, **more: Any) -> dict[str, Any]:
    params = {"name": "ask", "arguments": {}, "_meta": META, **more}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = await client.post("/mcp", params={"api_key": key}, headers=HEADERS, json=message)
    return json.loads(answer.text[answer.text.index("{") :].splitlines()[0])


async def test_the_sealed_state_of_one_caller_does_not_open_for_another(tmp_path: Path) -> None:
    tool = Tool("ask", "Ask", "Asks.", Effect.READ, "docs", Arguments("ask", ()), _ask, long_lived=True)
    async with (
        open_app(Settings(data_dir=str(tmp_path)), {}, Additions(tools=[tool])) as app,
        living(mcp_over_http(app)) as http,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=http), base_url="http://127.0.0.1:8000") as client,
    ):
        state = (await _posted(client, "flt_a"))["result"]["requestState"]
        again = {"requestState": state, "inputResponses": {"who": {"action": "accept", "content": {"name": "x"}}}}
        assert "left here" not in state
        assert (await _posted(client, "flt_b", **again))["error"]["data"] == {"reason": "invalid_request_state"}
        assert (await _posted(client, "flt_a", **again))["result"]["content"][0]["text"] == "done"


@pytest.mark.parametrize("stage", [_ask_first, _Confirm()], ids=["unannounced", "announced"])
async def test_a_stage_may_ask_about_a_call_of_any_tool(tmp_path: Path, stage: Any) -> None:
    tool = Tool("ask", "Ask", "Asks nothing itself.", Effect.READ, "docs", Arguments("ask", ()), _done)
    async with (
        open_app(Settings(data_dir=str(tmp_path)), {}, Additions(tools=[tool], stages={"spending": stage})) as app,
        living(mcp_over_http(app)) as http,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=http), base_url="http://127.0.0.1:8000") as client,
    ):
        asked = (await _posted(client, "flt_a"))["result"]
        assert (asked["resultType"], asked["inputRequests"]) == ("input_required", {"who": QUESTION})
        accepted = {"who": {"action": "accept", "content": {"name": "x"}}}
        done = (await _posted(client, "flt_a", requestState=asked["requestState"], inputResponses=accepted))["result"]
        assert done["content"][0]["text"] == "done"


async def test_a_stage_that_announces_its_questions_sees_each_request_once(tmp_path: Path) -> None:
    stage = _Confirm()
    tool = Tool("ask", "Ask", "Asks nothing itself.", Effect.READ, "docs", Arguments("ask", ()), _done)
    async with (
        open_app(Settings(data_dir=str(tmp_path)), {}, Additions(tools=[tool], stages={"spending": stage})) as app,
        living(mcp_over_http(app)) as http,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=http), base_url="http://127.0.0.1:8000") as client,
    ):
        assert (await _posted(client, "flt_a"))["result"]["resultType"] == "input_required"
        assert stage.calls == 1
        assert (app.needs_stream("ask"), app.needs_stream("list_docs")) == (True, False)
