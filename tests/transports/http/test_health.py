"""What machines ask of the server."""

from __future__ import annotations

import anyio
import pytest

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
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "apis": {}})
    assert (metrics.status_code, metrics.text) == (200, "# TYPE x counter\nx_total 1\n")
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (head.status_code, post.status_code) == (200, 405)
    assert {answer.headers["cache-control"] for answer in (alive, ready, metrics)} == {"no-store"}


async def test_ready_names_each_api_and_does_not_depend_on_any() -> None:
    async def reach() -> dict[str, str | None]:
        return {"flintt": None, "flowpilot": "connection refused"}

    async with calling(reach=reach) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "ready": True,
            "apis": {"flintt": {"reachable": True}, "flowpilot": {"reachable": False, "reason": "connection refused"}},
        },
    )


async def test_a_question_that_fails_here_is_in_the_log_and_takes_nothing_out(caplog: pytest.LogCaptureFixture) -> None:
    async def reach() -> dict[str, str | None]:
        raise RuntimeError("key=fst_secret")

    async with calling(reach=reach) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "apis": {}})
    assert [record.getMessage() for record in caplog.records] == ["The APIs could not be asked whether they answer"]


async def test_many_who_ask_at_once_and_soon_after_ask_the_apis_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    async def reach() -> dict[str, str | None]:
        asked.append(anyio.current_time())
        await anyio.lowlevel.checkpoint()
        return {}

    async with calling(reach=reach) as client:

        async def ask() -> None:
            assert (await client.get("/readyz")).status_code == 200

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
        assert len(asked) == 1
        for later, questions in ((4.9, 1), (5.1, 2)):
            moment = asked[0] + later
            monkeypatch.setattr("flintt_mcp.transports.http.health.anyio.current_time", lambda at=moment: at)
            await ask()
            assert len(asked) == questions
