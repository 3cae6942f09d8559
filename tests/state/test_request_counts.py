"""Requests that processes count together, also when the clock is set back."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flintt_mcp.state.request_counts import RequestCounts
from flintt_mcp.state.server_file import server_file
from tests.clock import SetClock

pytestmark = pytest.mark.anyio

COUNT = """
import anyio, pathlib, sys, time
from flintt_mcp.state.request_counts import RequestCounts
from flintt_mcp.state.server_file import server_file

async def main():
    file = server_file(pathlib.Path(sys.argv[1]))
    counts = RequestCounts(file, time.time)
    waits = [await counts.take("bucket", 30, 60.0, 0) for _ in range(20)]
    print(sum(wait == 0 for wait in waits))
    file.close()

anyio.run(main)
"""


@pytest.fixture
def file(tmp_path):
    opened = server_file(tmp_path)
    yield opened
    opened.close()


async def test_processes_share_one_count(tmp_path):
    taken = []

    async def count() -> None:
        process = await anyio.run_process([sys.executable, "-W", "error", "-c", COUNT, str(tmp_path / "data")])
        taken.append(int(process.stdout))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(count)
    assert sum(taken) == 30


@settings(max_examples=25)
@given(steps=st.lists(st.floats(-20, 40, allow_nan=False), max_size=30), limit=st.integers(1, 4))
def test_a_shared_count_keeps_the_limit_also_when_the_clock_is_set_back(steps, limit):
    clock, elapsed = SetClock(), 0.0
    sent: list[float] = []

    async def walk(folder: Path) -> None:
        nonlocal elapsed
        files = [server_file(folder), server_file(folder)]
        one, other = (RequestCounts(file, clock.seconds) for file in files)
        for number, step in enumerate(steps):
            clock.forward(seconds=step)
            elapsed += max(step, 0.0)
            if await (one, other)[number % 2].take("bucket", limit, 60.0, 0) == 0:
                sent.append(elapsed)
        for file in files:
            file.close()

    with TemporaryDirectory() as folder:
        anyio.run(walk, Path(folder))
    assert all(after - before >= 60 - 1e-3 for before, after in zip(sent, sent[limit:], strict=False))


async def test_a_clock_that_is_set_back_an_hour_makes_nobody_wait_longer_than_a_window(file, clock):
    counts = RequestCounts(file, clock.seconds)
    assert await counts.take("bucket", 1, 60.0, 0) == 0

    clock.forward(hours=-1)
    assert await counts.take("bucket", 1, 60.0, 0) == 60
    clock.forward(seconds=60)
    assert await counts.take("bucket", 1, 60.0, 0) == 0


async def test_whoever_must_wait_is_told_how_long(file, clock):
    counts = RequestCounts(file, clock.seconds)
    waits = []
    for pause in (0, 10, 10):
        clock.forward(seconds=pause)
        waits.append(await counts.take("bucket", 2, 60.0, 0))
    assert [*waits, await counts.take("bucket", 2, 60.0, 1), await counts.take("other", 2, 60.0, 0)] == [
        0,
        0,
        40,
        50,
        0,
    ]
