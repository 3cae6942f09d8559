"""What machines ask of the server."""

from __future__ import annotations

import anyio
import pytest

from flintt_mcp.errors import FlinttError
from tests.transports.fixture_app import calling

pytestmark = pytest.mark.anyio


async def test_alive_ready_and_metrics_are_told_to_any_host() -> None:
    async with calling(metrics=lambda: b"# TYPE x counter\nx_total 1\n") as client:
        headers = {"host": "10.1.2.3:9", "origin": "https://probe.example"}
        alive = await client.get("/healthz", headers=headers)
        ready = await client.get("/readyz", headers=headers)
        metrics = await client.get("/metrics", headers=headers)
        head = await client.head("/readyz")
        post = await client.post("/healthz")
    assert (alive.status_code, alive.text) == (200, "ok\n")
    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    assert (metrics.status_code, metrics.text) == (200, "# TYPE x counter\nx_total 1\n")
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (head.status_code, post.status_code) == (200, 405)
    assert {answer.headers["cache-control"] for answer in (alive, ready, metrics)} == {"no-store"}


async def _down() -> str:
    return "the Flintt API cannot be reached"


async def _raises() -> str:
    raise FlinttError("the store is locked")


async def _breaks() -> str:
    raise RuntimeError("key=fst_secret")


@pytest.mark.parametrize(
    ("ready", "reason"),
    [
        (_down, "the Flintt API cannot be reached"),
        (_raises, "the store is locked"),
        (_breaks, "the readiness check failed; the server's log says how"),
    ],
)
async def test_not_ready_says_why_and_alive_is_something_else(ready: object, reason: str) -> None:
    async with calling(ready=ready) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"ready": False, "reason": reason})
        assert (await client.get("/healthz")).status_code == 200


async def test_many_who_ask_at_once_ask_the_apis_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    async def ready() -> None:
        asked.append(anyio.current_time())
        await anyio.lowlevel.checkpoint()

    async with calling(ready=ready) as client:

        async def ask() -> None:
            assert (await client.get("/readyz")).status_code == 200

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
        assert len(asked) == 1
        later = asked[0] + 3600
        monkeypatch.setattr("flintt_mcp.transports.http.health.anyio.current_time", lambda: later)
        await ask()
        assert len(asked) == 2
