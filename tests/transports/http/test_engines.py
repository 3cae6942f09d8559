"""Which engine answers a message that was posted, at every revision, with sessions and without."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest

from flintt_mcp.transports.http.app import HttpOptions
from tests.transports.fixture_app import (
    BOTH,
    INITIALIZE,
    JSON_ONLY,
    KEY,
    OLD,
    call,
    calling,
    living,
    make_app,
    modern,
    modern_headers,
    open_session,
    principal,
)

pytestmark = pytest.mark.anyio

STATELESS = HttpOptions(stateless=True)


def _error(answer: httpx2.Response) -> tuple[int, int, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


class _Witness:
    """Notes which of the two engines a request reached; the direct one stands in for the SDK's JSON engine."""

    def __init__(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached: list[str] = []
        for name in ("json", "sessions"):
            engine = getattr(app._engines, f"_{name}")
            monkeypatch.setattr(engine, "handle_request", self._note(name, engine.handle_request))
        monkeypatch.setattr(app._engines._direct, "answer", self._note_direct(app._engines._direct.answer))

    def _note_direct(self, answer: Any) -> Any:
        async def noted(*args: Any) -> bool:
            answered = await answer(*args)
            if answered:
                self.reached.append("json")
            return answered

        return noted

    def _note(self, name: str, handle: Any) -> Any:
        async def noted(scope: Any, receive: Any, send: Any) -> None:
            self.reached.append(name)
            await handle(scope, receive, send)

        return noted


TOKEN = {"progressToken": 1}
LEVEL = {"io.modelcontextprotocol/logLevel": "info"}
LEGACY = {**BOTH, "mcp-protocol-version": OLD}


@pytest.mark.parametrize("stateless", [False, True])
@pytest.mark.parametrize(
    ("message", "headers", "engine"),
    [
        (modern("who"), modern_headers("who"), "json"),
        (modern("steps"), modern_headers("steps"), "sessions"),
        (modern("steps"), {**modern_headers("steps"), **JSON_ONLY}, "json"),
        (modern("who", **TOKEN), modern_headers("who"), "sessions"),
        (modern("who", **TOKEN), {**modern_headers("who"), **JSON_ONLY}, "json"),
        (modern("who", **LEVEL), modern_headers("who"), "sessions"),
        (modern("who"), {**modern_headers("who"), "accept": "*/*"}, "json"),
    ],
)
async def test_only_calls_that_show_something_on_the_way_take_the_stream_engine(
    message: Any, headers: dict[str, str], engine: str, stateless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(HttpOptions(stateless=stateless))
    witness = _Witness(app, monkeypatch)
    async with (
        living(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost:8000") as client,
    ):
        answer = await client.post("/mcp", json=message, headers=headers)
    assert (answer.status_code, witness.reached) == (200, [engine])


@pytest.mark.parametrize(
    ("message", "headers", "engine"),
    [
        (INITIALIZE, BOTH, "json"),
        (call("who"), LEGACY, "json"),
        (call("steps"), LEGACY, "sessions"),
        (call("who", meta=TOKEN), LEGACY, "sessions"),
        (call("who", meta=TOKEN), {**LEGACY, **JSON_ONLY}, "json"),
    ],
)
async def test_beside_workers_the_handshake_era_is_served_the_same_way(
    message: Any, headers: dict[str, str], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(STATELESS)
    witness = _Witness(app, monkeypatch)
    async with (
        living(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost:8000") as client,
    ):
        answer = await client.post("/mcp", json=message, headers=headers)
    assert (answer.status_code, witness.reached) == (200, [engine])
    assert "mcp-session-id" not in answer.headers


async def test_a_client_that_takes_only_json_is_served_without_a_session() -> None:
    async with calling() as client:
        opened = await client.post("/mcp", json=INITIALIZE, headers=JSON_ONLY)
        done = await client.post("/mcp", json=call("who"), headers={**JSON_ONLY, "x-api-key": KEY})
        session = await client.post("/mcp", json=call("who"), headers={**JSON_ONLY, "mcp-session-id": "0" * 32})
    assert (opened.status_code, "mcp-session-id" in opened.headers) == (200, False)
    assert done.json()["result"]["content"][0]["text"] == principal(KEY)
    assert _error(session)[0] == 406


async def test_in_the_handshake_era_a_call_without_its_session_opens_none() -> None:
    async with calling() as client:
        answer = await client.post("/mcp", json=call("who"), headers=LEGACY)
    assert _error(answer) == (400, -32600, "Bad Request: Missing session ID; send initialize first")


async def test_a_session_works_from_initialize_to_delete() -> None:
    async with calling() as client:
        headers = await open_session(client, KEY)
        answer = await client.post("/mcp", json=call("who"), headers=headers)
        assert principal(KEY) in answer.text
        assert (await client.delete("/mcp", headers=headers)).status_code == 200
        assert (await client.post("/mcp", json=call("who"), headers=headers)).status_code == 404


async def test_an_unknown_revision_is_told_which_ones_are_served() -> None:
    async with calling() as client:
        headers = {**modern_headers("who"), "mcp-protocol-version": "2099-01-01"}
        answer = await client.post("/mcp", json=modern("who"), headers=headers)
    assert answer.status_code == 400


async def test_listening_needs_a_client_that_takes_streams() -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": modern("x")["params"]}
    headers = {**modern_headers("x"), **JSON_ONLY, "mcp-method": "subscriptions/listen"}
    async with calling() as client:
        with anyio.fail_after(2):
            assert _error(await client.post("/mcp", json=message, headers=headers))[0] == 406
