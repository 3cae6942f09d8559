"""Lines to a client that reads slowly: each whole, also when whoever wrote one was called off in its middle."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator

import anyio
import pytest

from flintt_mcp.transports.stdio.flow import Output
from flintt_mcp.transports.stdio.wire import Wire

pytestmark = pytest.mark.anyio

LONG = b"x" * 200_000 + b"\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    theirs, ours = os.pipe()
    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 65_536)
    os.set_blocking(theirs, False)
    yield theirs, ours
    os.close(theirs)


async def everything(theirs: int) -> bytes:
    """What can be read until the other end is closed."""
    got = b""
    while True:
        await anyio.wait_readable(theirs)
        chunk = os.read(theirs, 65_536)
        if not chunk:
            return got
        got += chunk


async def test_a_line_that_was_begun_is_ended_by_the_next_writer(pipe: tuple[int, int]) -> None:
    theirs, ours = pipe
    output = Output(Wire(-1, ours))
    with anyio.move_on_after(0.05):
        await output.write(LONG)
    async with anyio.create_task_group() as group:

        async def rest() -> None:
            await output.write(b'{"next":1}\n')
            os.close(ours)

        group.start_soon(rest)
        got = await everything(theirs)
    assert got == LONG + b'{"next":1}\n'


async def test_a_line_of_which_nothing_was_written_is_dropped_with_its_writer(pipe: tuple[int, int]) -> None:
    theirs, ours = pipe
    output = Output(Wire(-1, ours))
    with anyio.move_on_after(0.05):
        await output.write(LONG)
    with anyio.move_on_after(0.05):
        await output.write(b'{"dropped":1}\n')
    async with anyio.create_task_group() as group:

        async def rest() -> None:
            await output.write(b'{"next":1}\n')
            os.close(ours)

        group.start_soon(rest)
        got = await everything(theirs)
    assert got == LONG + b'{"next":1}\n'
