"""From early answers to the app, and from there to the SDK: no frame is lost or answered twice, whenever it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from flintt_mcp.app import App
from flintt_mcp.errors import ConfigError
from tests.fake_api import KEYS, open_fake
from tests.transports.stdio.client import served
from tests.transports.stdio.spoken import ENVELOPE, READY, initialize, plainly, request

pytestmark = pytest.mark.anyio

PLAIN = {"name": "list_docs"}
NEEDS_SDK = ("resources/read", {"uri": "docs://errors"})
FRAMES = {
    "handshake": [
        initialize("2025-11-25"),
        READY,
        request(1, "tools/list"),
        request(2, "tools/call", PLAIN),
        request(3, *NEEDS_SDK),
        request(4, "tools/call", PLAIN),
        request(5, "ping"),
        request(6, "no/such/method"),
        request(7, "tools/call", {"name": "no_such_tool"}),
        request(8, "prompts/list"),
    ],
    "modern": [
        {"jsonrpc": "2.0", "method": "notifications/early"},
        request(1, "tools/call", {**PLAIN, "_meta": ENVELOPE}),
        request(2, "resources/read", {"uri": "docs://errors", "_meta": ENVELOPE}),
        request(3, "tools/list", {"_meta": ENVELOPE}),
        initialize("2025-11-25", 4),
        request(5, "server/discover", {"_meta": ENVELOPE}),
        request(6, "tools/call", {**PLAIN, "_meta": ENVELOPE}),
    ],
    "the SDK from the beginning": [
        request(1, "tools/list"),
        initialize("2025-06-18", 2),
        READY,
        request(3, "tools/call", PLAIN),
    ],
}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with open_fake(tmp_path, environment={"FLINTT_API_KEY": KEYS["flintt"]}) as opened:
        yield opened


@pytest.mark.parametrize("at", range(11))
@pytest.mark.parametrize("frames", FRAMES.values(), ids=FRAMES.keys())
async def test_each_frame_is_answered_once_whenever_the_app_and_the_sdk_are_ready(
    app: App, frames: list[dict[str, Any]], at: int
) -> None:
    ready, built = anyio.Event(), anyio.Event()

    def build() -> Any:
        anyio.from_thread.run(built.wait)
        return app.server()

    async with served(replace(plainly(app), server=build), ready.wait) as client:
        await client.send(*frames[:at])
        ready.set()
        await client.send(*frames[at : at + 2])
        built.set()
        await client.send(*frames[at + 2 :])
        client.leave()
        told = Counter(answer["id"] for answer in await client.rest())
    assert told == Counter(frame["id"] for frame in frames if "id" in frame)


async def test_the_sdk_hears_what_was_agreed_and_says_nothing_to_it(app: App) -> None:
    async with served(plainly(app)) as client:
        await client.send(initialize("2025-06-18"), READY, request(1, *NEEDS_SDK))
        told = [await client.receive(), await client.receive()]
        client.leave()
        assert await client.rest() == []
    assert [answer["id"] for answer in told] == ["i", 1]
    assert told[0]["result"]["protocolVersion"] == "2025-06-18"
    assert "ttlMs" not in told[1]["result"]


async def test_whoever_waits_for_what_cannot_open_is_told_and_so_is_the_terminal(app: App) -> None:
    asked = anyio.Event()

    async def fail() -> None:
        await asked.wait()
        raise ConfigError("the data folder cannot be used")

    async with served(plainly(app), fail) as client:
        await client.send(initialize("2025-11-25"), request(1, "tools/call", PLAIN), request(2, *NEEDS_SDK))
        asked.set()
        told = await client.rest()
        client.leave()
    assert isinstance(client.failure, ConfigError)
    assert {answer["id"]: answer["error"] for answer in told if "error" in answer} == {
        id: {"code": -32603, "message": "the data folder cannot be used"} for id in (1, 2)
    }
