"""The one URL: what each method means, which engine answers, and clear words where none does."""

from __future__ import annotations

import gzip
from typing import Any

import httpx2
import pytest

from flintt_mcp.transports.http.app import HttpOptions
from tests.transports.fixture_app import (
    BOTH,
    KEY,
    MODERN,
    OLD,
    calling,
    modern,
    modern_headers,
)

pytestmark = pytest.mark.anyio

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def _error(answer: httpx2.Response) -> tuple[int, int, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"mcp-protocol-version": OLD, "accept": "text/event-stream"}, 405, "Without a session"),
        ({"mcp-protocol-version": MODERN, "accept": BROWSER}, 405, "there are no sessions"),
        ({"accept": "*/*"}, 405, "POST"),
        ({"accept": "application/json"}, 405, "POST"),
        ({"accept": "text/*"}, 405, "POST"),
        ({}, 405, "POST"),
    ],
)
async def test_a_get_that_opens_nothing_is_told_so(headers: dict[str, str], status: int, words: str) -> None:
    async with calling() as client:
        answer = await client.get("/mcp", headers={"accept": "", **headers})
    assert answer.status_code == status
    assert answer.headers["allow"]
    assert words in answer.json()["error"]["message"]


async def test_a_get_with_an_unknown_session_is_told_so() -> None:
    async with calling() as client:
        headers = {"mcp-session-id": "0" * 32, "accept": "text/event-stream"}
        assert _error(await client.get("/mcp", headers=headers))[0::2] == (404, "Session not found")
        assert (await client.delete("/mcp", headers=headers)).status_code == 404


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_a_browser_is_sent_on_to_the_pages_without_its_key(path: str) -> None:
    async with calling(HttpOptions(path_prefix="/flintt")) as client:
        sent = await client.get(f"/flintt{path}?api_key={KEY}", headers={"accept": BROWSER, "x-api-key": KEY})
    assert (sent.status_code, sent.headers["location"], sent.text) == (303, "/flintt/", "")


async def test_options_and_head_are_answered_without_opening_anything() -> None:
    async with calling() as client:
        options = await client.request("OPTIONS", "/mcp")
        head = await client.head("/mcp", headers={"accept": "text/event-stream"})
        put = await client.put("/mcp", json={})
        sse = await client.head("/sse", headers={"accept": "text/event-stream"})
        messages = await client.get("/messages/")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, POST, DELETE, OPTIONS")
    assert [each.status_code for each in (head, put, sse, messages)] == [405, 405, 405, 405]
    assert [each.headers["allow"] for each in (sse, messages)] == ["GET", "POST"]


async def test_delete_without_a_session_names_what_is_missing() -> None:
    async with calling() as client:
        assert "Mcp-Session-Id" in _error(await client.delete("/mcp"))[2]


async def test_an_unknown_path_names_the_right_one() -> None:
    async with calling(HttpOptions(path_prefix="/flintt")) as client:
        for path in ("/nothing", "/", "/mcp/more", "/flintt/x"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (
                404,
                {"error": "There is nothing here. The MCP endpoint is /flintt/mcp"},
            )


@pytest.mark.parametrize("path", ["/mcp", "/flintt/mcp"])
async def test_a_path_prefix_is_understood_stripped_or_not(path: str) -> None:
    async with calling(HttpOptions(path_prefix="/flintt/")) as client:
        answer = await client.post(path, json=modern("who"), headers=modern_headers("who"))
        assert answer.status_code == 200
        assert (await client.get("/flintt/healthz")).text == "ok\n"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", None])
async def test_a_post_that_a_web_form_could_send_is_refused(kind: str | None) -> None:
    headers = {**modern_headers("who"), **({"content-type": kind} if kind else {})}
    async with calling() as client:
        answer = await client.post("/mcp", content=b"{}", headers=headers)
    assert _error(answer) == (415, -32600, "The Content-Type must be application/json")


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity", "x"])
async def test_an_encoded_body_is_refused_as_that(encoding: str) -> None:
    headers = {**modern_headers("who"), "content-type": "application/json", "content-encoding": encoding}
    async with calling() as client:
        answer = await client.post("/mcp", content=gzip.compress(b"{}"), headers=headers)
    assert _error(answer) == (415, -32600, "The body must not be compressed: leave the header Content-Encoding out")
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_that_is_said_to_be_as_it_is_is_taken() -> None:
    headers = {**modern_headers("who"), "content-encoding": "Identity"}
    async with calling() as client:
        assert (await client.post("/mcp", json=modern("who"), headers=headers)).status_code == 200


async def test_json_with_a_charset_is_json() -> None:
    headers = {**modern_headers("who"), "content-type": "Application/JSON; charset=utf-8"}
    async with calling() as client:
        answer = await client.post("/mcp", json=modern("who"), headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        (b"{", 400, -32700, "not valid JSON"),
        (b"[]", 400, -32600, "Batches are not supported"),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600, "Batches are not supported"),
        (b'{"jsonrpc":"2.0","id":{"secret-input":1},"method":"ping"}', 400, -32600, "id must be"),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":"secret-input"}', 400, -32600, "params"),
        (b'{"jsonrpc":"2.0","id":1,"result":"secret-input"}', 400, -32600, "no JSON-RPC"),
    ],
)
@pytest.mark.parametrize("version", [OLD, MODERN, None])
async def test_a_malformed_body_is_refused_without_an_echo(
    body: bytes, status: int, code: int, words: str, version: str | None
) -> None:
    headers = {**BOTH, "content-type": "application/json", **({"mcp-protocol-version": version} if version else {})}
    async with calling() as client:
        answer = await client.post("/mcp", content=body, headers=headers)
    assert _error(answer)[:2] == (status, code)
    assert words in answer.json()["error"]["message"]
    assert "secret-input" not in answer.text


@pytest.mark.parametrize(
    ("headers", "accept"),
    [
        (modern_headers("who"), BOTH["accept"]),
        (modern_headers("who"), "application/json"),
        ({"mcp-protocol-version": OLD}, "application/json"),
    ],
)
async def test_malformed_parameters_are_not_echoed_either(headers: dict[str, str], accept: str) -> None:
    message = modern("who")
    message["params"]["arguments"] = "secret-input"
    async with calling() as client:
        answer = await client.post("/mcp", json=message, headers={**headers, "accept": accept})
    assert "secret-input" not in answer.text
    assert "-32602" in answer.text


@pytest.mark.parametrize("accept", ["", "text/html", "text/event-stream"])
async def test_a_post_must_take_json(accept: str) -> None:
    async with calling() as client:
        answer = await client.post("/mcp", json=modern("who"), headers={**modern_headers("who"), "accept": accept})
    assert _error(answer)[0] == 406


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_above_the_limit_is_refused_as_soon_as_it_is_known(declared: bool) -> None:
    async def body() -> Any:
        for _ in range(4):
            yield b"x" * 40

    headers = {**modern_headers("who"), "content-type": "application/json"}
    async with calling(HttpOptions(max_body_bytes=100)) as client:
        content = b"x" * 101 if declared else body()
        answer = await client.post("/mcp", content=content, headers=headers)
    assert _error(answer) == (413, -32600, "The request body is larger than 100 bytes")
    assert answer.headers["connection"] == "close"


async def test_extra_routes_see_requests_as_they_were_sent() -> None:
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def hook(request: Request) -> JSONResponse:
        return JSONResponse([request.url.query, request.headers["authorization"]])

    async with calling(extra_routes=[Route("/hook", hook)]) as client:
        answer = await client.get("/hook?api_key=k", headers={"authorization": "Bearer s"})
        assert answer.json() == ["api_key=k", "Bearer s"]
        assert (await client.get("/hook", headers={"host": "evil.example"})).status_code == 421
        assert (await client.get("/hook/")).status_code == 404
