"""An answer goes out in one piece, and nothing of it later than it would in pieces."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio.lowlevel
import pytest

from flintt_mcp.serving.joined import JoinedWrites

pytestmark = pytest.mark.anyio


class _Wire:
    """A transport that keeps what reached it."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.told


def _joined() -> tuple[_Wire, JoinedWrites]:
    wire = _Wire()
    return wire, JoinedWrites(wire, asyncio.get_running_loop())  # type: ignore[arg-type]  # all that is asked of one


async def test_head_and_body_are_one_write() -> None:
    wire, joined = _joined()
    joined.write(b"head")
    joined.write(b"body")
    await anyio.lowlevel.checkpoint()
    assert wire.told == [b"headbody"]


async def test_a_head_alone_waits_for_no_body() -> None:
    wire, joined = _joined()
    joined.write(b"head")
    await anyio.lowlevel.checkpoint()
    joined.write(b"event")
    await anyio.lowlevel.checkpoint()
    assert wire.told == [b"head", b"event"]


async def test_what_was_written_goes_out_before_the_end() -> None:
    wire, joined = _joined()
    joined.write(b"head")
    joined.close()
    await anyio.lowlevel.checkpoint()
    assert wire.told == [b"head", "closed"]
    assert joined.is_closing()


async def test_much_is_not_held_so_that_the_transport_can_tell_its_writer_to_wait() -> None:
    wire, joined = _joined()
    for _ in range(3):
        joined.write(b"x" * 40_000)
    assert [len(data) for data in wire.told] == [80_000]
    await anyio.lowlevel.checkpoint()
    assert sum(map(len, wire.told)) == 120_000
