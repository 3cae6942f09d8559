"""The direct exchange and the SDK's own HTTP wrapping give the same answers, for good requests and for bad ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp_types import CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY

from flintt_mcp.face.tool_requests import ToolAnswersFirst
from flintt_mcp.serving.asgi import mcp_over_http
from tests.fake_api import KEYS, FakeApi, open_fake
from tests.transports.fixture_app import living

pytestmark = pytest.mark.anyio

NEW, OLD = "2026-07-28", "2025-11-25"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
COMPANIES = [{"id": "c1", "name": "Blåbær AS | Søn", "estimated_revenue": None}, {"id": "c2", "name": "Acme"}]

TOKEN, LEVEL, CLIENT = "progressToken", "io.modelcontextprotocol/logLevel", "io.modelcontextprotocol/clientInfo"
TOKENS: list[Any] = ["a", 1, True, 1.5, [], None]
METAS: list[Any] = [
    *(5, None, [], "x", {}, {"x": [1]}, {"traceparent": 5}),
    *({TOKEN: token} for token in TOKENS),
    *({LEVEL: level} for level in ("info", "loud", 5, None)),
    *({CLIENT: client} for client in ({"name": "c", "version": "1"}, {"name": 1}, 5, None)),
    *({CLIENT_CAPABILITIES_META_KEY: capabilities} for capabilities in ({"elicitation": 5}, 5, {"x": 1})),
    *({"x": "y" * 5000}, {"x": 10**30}, {CLIENT: 10**30}),
]

REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("ping", {}),
    ("server/discover", {}),
    ("tools/list", {}),
    ("tools/list", {"cursor": "x"}),
    ("tools/call", {"name": "list_companies"}),
    ("tools/call", {"name": "list_companies", "arguments": {"limit": 1}}),
    ("tools/call", {"name": "list_companies", "arguments": {"limt": 1}}),
    ("tools/call", {"name": "list_companies", "arguments": []}),
    ("tools/call", {"name": "list_companies", "arguments": None}),
    ("tools/call", {"name": "no_such_tool", "arguments": {}}),
    ("tools/call", {"arguments": {}}),
    ("tools/call", {"name": "list_docs", "requestState": "forged"}),
    ("tools/call", {"name": "list_docs", "inputResponses": {}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "docs://errors"}),
    ("resources/read", {"uri": "docs://none"}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "pipeline_review", "arguments": {"stage": "qualified"}}),
    ("prompts/get", {"name": "account_research"}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "pipeline_review"}, "argument": {"name": "stage", "value": "q"}},
    ),
    ("no/such/method", {}),
]


def request_of(method: str, params: dict[str, Any], version: str) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": version,
        "x-api-key": KEYS["flintt"],
    }
    if version == NEW:
        params = {**params, "_meta": {PROTOCOL_VERSION_META_KEY: version, CLIENT_CAPABILITIES_META_KEY: {}}}
        headers["mcp-method"] = method
        if NAMED.get(method) in params:
            headers["mcp-name"] = params[NAMED[method]]
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}, headers


@asynccontextmanager
async def product(folder: Path) -> AsyncIterator[tuple[httpx2.AsyncClient, Any, FakeApi]]:
    fake = FakeApi()
    async with open_fake(folder, fake, toolsets=("default",), workers=2) as app:
        over_http = mcp_over_http(app)
        async with (
            living(over_http),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(over_http), base_url="http://localhost:8000") as client,
        ):
            yield client, over_http, fake


async def never(*args: Any) -> bool:
    return False


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(("method", "params"), REQUESTS, ids=lambda value: value if isinstance(value, str) else "")
async def test_both_ways_give_the_same_answer(
    method: str, params: dict[str, Any], version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, headers = request_of(method, params, version)
    answers = []
    async with product(tmp_path) as (client, over_http, fake):
        for way in ("direct", "sdk"):
            if way == "sdk":
                monkeypatch.setattr(over_http._engines._direct, "answer", never)
            fake.answers.clear()
            fake.will_answer(COMPANIES)
            answer = await client.post("/mcp", json=message, headers=headers)
            answers.append((answer.status_code, answer.headers["content-type"], answer.json()))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("method", ["tools/call", "tools/list"])
async def test_whatever_stands_under_meta_is_taken_or_refused_as_by_the_sdk_itself(
    method: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with product(tmp_path) as (client, over_http, fake):
        server = over_http._engines._direct._server

        async def answers() -> list[tuple[int, Any]]:
            given = []
            for meta in METAS:
                params = {"name": "list_companies"} if method == "tools/call" else {}
                message, headers = request_of(method, params, version)
                whole = meta if not isinstance(meta, dict) else {**message["params"].get("_meta", {}), **meta}
                message["params"]["_meta"] = whole
                fake.answers.clear()
                fake.will_answer(COMPANIES)
                answer = await client.post("/mcp", json=message, headers={**headers, "accept": "application/json"})
                given.append((answer.status_code, answer.json()))
            return given

        ours = await answers()
        monkeypatch.setattr(over_http._engines._direct, "answer", never)
        server.middleware[:] = [each for each in server.middleware if not isinstance(each, ToolAnswersFirst)]
        assert ours == await answers()
    assert {"result", "error"} <= {name for _, body in ours for name in body}


@pytest.mark.parametrize(
    "change",
    [
        {"mcp-method": "tools/call"},
        {"mcp-protocol-version": "2099-01-01"},
        {"mcp-param-region": "eu"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_headers_that_do_not_fit_are_left_to_the_sdk(
    change: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, headers = request_of("tools/list", {}, NEW)
    reached = []
    async with product(tmp_path) as (client, over_http, _):
        answer = over_http._engines._direct.answer

        async def noted(*args: Any) -> bool:
            reached.append(await answer(*args))
            return reached[-1]

        monkeypatch.setattr(over_http._engines._direct, "answer", noted)
        await client.post("/mcp", json=message, headers=headers | change)
    assert reached == [False]
