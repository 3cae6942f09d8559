"""How replies turn into results, the same on the SDK's way and on the direct one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult, ListToolsResult

from flintt_mcp.app import Additions
from flintt_mcp.arguments import Arguments
from flintt_mcp.catalogue.operation import Effect, local
from flintt_mcp.credentials import CALLER, Caller
from flintt_mcp.errors import NotFound, RateLimited
from flintt_mcp.server import DirectAnswers, Face, tool_result
from flintt_mcp.tools import Ask, Call, Done, Refused, Reply, Tool
from flintt_mcp.wording import told
from tests.fake_api import FakeApi, open_fake

pytestmark = pytest.mark.anyio

MODES = ["auto", "legacy"]


def tool(handle: Any = None, **more: Any) -> Tool:
    async def nothing(call: Call) -> Reply:
        return Done(text="done")

    return Tool(
        name="probe",
        title="Probe",
        about="Probes.",
        effect=Effect.READ,
        toolset="extra",
        arguments=Arguments("probe", (local("what"),)),
        handle=handle or nothing,
        **more,
    )


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Done(text="t"), {"content": [{"type": "text", "text": "t"}], "isError": False, "resultType": "complete"}),
        (
            Done(text="t", structured={"a": 1}),
            {
                "content": [{"type": "text", "text": "t"}],
                "structuredContent": {"a": 1},
                "isError": False,
                "resultType": "complete",
            },
        ),
        (
            Done(content=[{"type": "image", "data": "", "mimeType": "image/png"}]),
            {
                "content": [{"type": "image", "data": "", "mimeType": "image/png"}],
                "isError": False,
                "resultType": "complete",
            },
        ),
        (
            Refused(NotFound("nothing there", operation="probe")),
            {
                "content": [{"type": "text", "text": "probe failed: nothing there.\nChanged: no."}],
                "isError": True,
                "resultType": "complete",
            },
        ),
    ],
)
def test_a_reply_is_a_result_that_the_protocol_knows(reply: Reply, result: Mapping[str, Any]) -> None:
    assert tool_result(tool(), reply) == result
    assert CallToolResult.model_validate(result).is_error is result["isError"]


def test_a_question_is_no_result() -> None:
    with pytest.raises(TypeError):
        tool_result(tool(), Ask())


def test_an_error_says_what_happened_what_changed_and_what_to_do_next() -> None:
    error = RateLimited("Too many", operation="probe", changed="unknown", advice="wait?", request_id="req-1")
    assert told(error, "probe").split("\n") == [
        "probe failed: Too many.",
        "Changed: unknown.",
        "Next: wait?",
        "Request id for the API's support: req-1",
    ]


def test_the_caller_of_a_request_is_whoever_sent_it_and_else_whoever_started_the_process() -> None:
    own, sender = Caller("own"), Caller("sender")
    face = Face(inventory=None, pipeline=None, resources=None, prompts=[], caller=own, state_key=b"")  # type: ignore[arg-type]
    assert face.caller_of(SimpleNamespace(request=None)) is own  # type: ignore[arg-type]
    request = SimpleNamespace(scope={CALLER: sender})
    assert face.caller_of(SimpleNamespace(request=request)) is sender  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        face.caller_of(SimpleNamespace(request=SimpleNamespace(scope={})))  # type: ignore[arg-type]


async def _answers(tmp_path: Path, mode: str, direct: bool) -> list[dict[str, Any]]:
    """What a client gets for a list of requests, with or without the short way."""
    fake = FakeApi()
    rows = [{"id": "c1", "name": "Ä", "n": 1.5, "none": None, "deep": {"a": [True]}}, {"id": "c2"}]
    fake.will_answer(rows, {"detail": "no"}, rows, status=200)
    fake.answers[1] = replace(fake.answers[1], status=422)
    async with open_fake(tmp_path, fake, {"FLINTT_API_KEY": "flt_a"}, toolsets=("default",)) as app:
        server = app.server()
        if not direct:
            server.middleware[:] = [one for one in server.middleware if not isinstance(one, DirectAnswers)]
        async with Client(server, mode=mode) as client:
            results = [
                await client.list_tools(),
                await client.call_tool("list_companies", {}),
                await client.call_tool("list_companies", {"name": "x"}),
                await client.call_tool("list_companies", {"limit": 1}, meta={"progressToken": "p"}),
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
    additions = Additions(tools=[tool(long_lived=True)])
    async with open_fake(tmp_path, additions=additions) as app, Client(app.server(), mode=mode) as client:
        result = await client.call_tool("probe", {"what": "x"})
    assert isinstance(result, CallToolResult)
    assert [block.text for block in result.content] == ["done"]  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", MODES)
async def test_a_fault_of_our_own_tells_a_client_nothing_of_it(tmp_path: Path, mode: str) -> None:
    async def fail(call: Call) -> Reply:
        raise RuntimeError("flt_secret")

    additions = Additions(tools=[tool(fail)])
    async with open_fake(tmp_path, additions=additions) as app, Client(app.server(), mode=mode) as client:
        result = await client.call_tool("probe", {})
    assert isinstance(result, CallToolResult)
    assert [block.text for block in result.content] == [  # type: ignore[union-attr]
        "probe failed: The server failed on this call.\nChanged: no.\nNext: tell the operator."
    ]
