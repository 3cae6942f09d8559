"""The bus between workers: what is told reaches all others, what is asked one, and a worker that died is nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from flintt_mcp.transports.bus.bus import Bus, Hub
from flintt_mcp.transports.bus.sockets import Neighbours

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _three(carrier: str, folder: Path) -> AsyncIterator[list[Bus]]:
    if carrier == "in the process":
        hub = Hub()
        yield [hub.join() for _ in range(3)]
        return
    workers = [Neighbours(folder) for _ in range(3)]
    for worker in workers:
        await worker.begin()
    async with workers[0].serving(), workers[1].serving(), workers[2].serving():
        yield list(workers)


CARRIERS = pytest.mark.parametrize("carrier", ["in the process", "over sockets"])


@CARRIERS
async def test_what_is_told_reaches_all_others_and_what_is_asked_the_one(carrier: str, tmp_path: Path) -> None:
    heard: list[tuple[str, Any]] = []

    def hears(name: str) -> Any:
        async def hear(message: Any) -> Any:
            heard.append((name, message))
            return [name, message]

        return hear

    message = [b"\0\xff", "Blåbær", 2**52, None, {"a": [1.5, True]}, "x" * 3_000_000]
    async with _three(carrier, tmp_path) as (one, two, three):
        for name, bus in (("one", one), ("two", two), ("three", three)):
            bus.serve("topic", hears(name))
        await one.tell("topic", message)
        assert sorted(heard) == [("three", message), ("two", message)]
        assert await one.ask(three.name, "topic", message) == ["three", message]
        assert await one.ask(three.name, "another topic", message) is None
        assert await one.ask(one.name, "topic", message) is None
        assert [one.reaches(bus.name) for bus in (one, two, three)] == [False, True, True]
    assert len(heard) == 3


@pytest.mark.parametrize("name", ["", "x", "../etc", "0" * 8, "00000000/../x", "é" * 8])
@CARRIERS
async def test_a_name_that_somebody_made_up_is_nobody(carrier: str, name: str, tmp_path: Path) -> None:
    async with _three(carrier, tmp_path) as (one, _, _):
        assert (one.reaches(name), await one.ask(name, "topic", 1)) == (False, None)


async def test_a_worker_that_was_killed_leaves_nothing_that_anybody_waits_for(tmp_path: Path) -> None:
    dead, alive = Neighbours(tmp_path), Neighbours(tmp_path)
    for worker in (dead, alive):
        await worker.begin()
    assert dead._listener is not None
    await dead._listener.aclose()  # as the kernel does it
    async with alive.serving():
        with anyio.fail_after(3):
            assert await alive.ask(dead.name, "topic", 1) is None
            await alive.tell("topic", 1)
        assert not alive.reaches(dead.name)
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 (an empty folder)


async def test_a_worker_that_does_not_answer_is_waited_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("flintt_mcp.transports.bus.sockets.SECONDS", 0.05)
    async with _three("over sockets", tmp_path) as (one, two, _):

        async def stuck(message: Any) -> None:
            await anyio.sleep_forever()

        two.serve("topic", stuck)
        with anyio.fail_after(3):
            assert await one.ask(two.name, "topic", 1) is None


async def test_a_message_that_cannot_be_taken_ends_no_worker(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with _three("over sockets", tmp_path) as (one, two, _):

        async def fails(message: Any) -> None:
            raise ValueError("unusable")

        async def works(message: Any) -> str:
            return "well"

        two.serve("bad", fails)
        two.serve("good", works)
        assert await one.ask(two.name, "bad", 1) is None
        stream = await anyio.connect_unix(tmp_path / f"{two.name}.bus")
        async with stream:
            await stream.send(b"\xc1 no message")
        assert await one.ask(two.name, "good", 1) == "well"
    assert "could not be taken" in caplog.text


async def test_a_folder_whose_path_is_longer_than_an_address_serves_too(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    async with _three("over sockets", folder) as (one, two, _):

        async def works(message: Any) -> str:
            return "well"

        two.serve("topic", works)
        assert await one.ask(two.name, "topic", 1) == "well"
