"""Secrets behind links: read once, by their reader, in time; and nothing that lies on the disk tells them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest

from flintt_mcp.errors import StoreFailed
from flintt_mcp.state.secret_links import ROOM, SECONDS, SecretLinks
from flintt_mcp.state.server_file import FILE_NAME, server_file
from tests.clock import SetClock
from tests.state.disk import files_no_larger_than

pytestmark = pytest.mark.anyio

KEY = b"k" * 32
HELD = {"signing_secret": "whsec_" + "é" * 40, "auth_token": "tok_" + "c" * 40}
WHO = "principal-of-the-caller"


def links(folder: Path, clock: SetClock | None = None) -> SecretLinks:
    """As another process has them, that shares the folder and the key."""
    return SecretLinks(server_file(folder), KEY, (clock or SetClock()).seconds)


async def filled(store: SecretLinks, held: dict[str, Any] = HELD) -> str:
    id = await store.reserve()
    await store.fill(id, WHO, held)
    return id


async def test_it_is_read_once_also_in_another_process(tmp_path: Path) -> None:
    id = await filled(links(tmp_path))
    assert await links(tmp_path).take(id, {"somebody", WHO}) == HELD
    assert [await links(tmp_path).take(id, {WHO}) for _ in range(2)] == [{}, {}]


async def test_of_many_readers_at_once_in_two_processes_one_gets_it(tmp_path: Path) -> None:
    first, second = links(tmp_path), links(tmp_path)
    id = await filled(first)
    found: list[Any] = []

    async def take(store: SecretLinks) -> None:
        found.append(await store.take(id, {WHO}))

    async with anyio.create_task_group() as group:
        for store in [first, second] * 10:
            group.start_soon(take, store)
    assert (found.count(HELD), found.count({}), len(found)) == (1, 19, 20)


async def test_somebody_else_learns_nothing_and_takes_nothing(tmp_path: Path) -> None:
    store = links(tmp_path)
    id = await filled(store)
    strange = [await store.take(id, {"somebody"}), await store.take("of-no-link", {WHO}), await store.take("", {WHO})]
    assert strange == [None, None, None]
    assert await store.take(id, {WHO}) == HELD


async def test_what_is_only_reserved_is_nobodys(tmp_path: Path) -> None:
    store = links(tmp_path)
    id = await store.reserve()
    assert await store.take(id, {WHO}) is None
    await store.fill(id, WHO, HELD)
    assert await store.take(id, {WHO}) == HELD


async def test_after_ten_minutes_it_is_wiped_and_a_day_later_forgotten(tmp_path: Path) -> None:
    clock = SetClock()
    store = links(tmp_path, clock)
    read, late = await filled(store), await filled(store)
    clock.forward(seconds=SECONDS - 1)
    assert await store.take(read, {WHO}) == HELD
    clock.forward(seconds=1)
    assert await store.take(late, {WHO}) == {}
    unread = await filled(store)
    clock.forward(seconds=SECONDS)
    await store.reserve()
    assert [size for _, size in rows(tmp_path)] == [0, 0, 0, ROOM]
    clock.forward(days=1)
    await store.reserve()
    assert len(rows(tmp_path)) == 1
    assert await store.take(unread, {WHO}) is None


def rows(folder: Path) -> list[tuple[str, int]]:
    connection = sqlite3.connect(folder / FILE_NAME)
    try:
        return connection.execute("SELECT who, length(sealed) FROM secret_links ORDER BY length(sealed)").fetchall()
    finally:
        connection.close()


async def test_room_that_brought_nothing_is_given_back(tmp_path: Path) -> None:
    store = links(tmp_path)
    await store.release(await store.reserve())
    assert rows(tmp_path) == []
    id = await filled(store)
    await store.release(id)
    assert await store.take(id, {WHO}) == HELD


async def test_neither_the_secret_nor_what_opens_it_lies_in_the_file(tmp_path: Path) -> None:
    id = await filled(links(tmp_path))
    lying = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240 (a small folder)
    assert not any(text.encode() in lying for text in (id, *HELD.values()))
    other = SecretLinks(server_file(tmp_path), b"o" * 32, SetClock().seconds)
    assert await other.take(id, {WHO}) is None


async def test_a_disk_without_room_is_told_before_and_after_the_call(tmp_path: Path) -> None:
    store = links(tmp_path)
    id = await store.reserve()
    with files_no_larger_than(64):
        with pytest.raises(OSError, match=r"Error|Full"):
            await store.fill(id, WHO, HELD)
        with pytest.raises(StoreFailed):
            await store.reserve()
        await store.release(id)
    assert await store.take(id, {WHO}) is None


async def test_to_ask_makes_no_file(tmp_path: Path) -> None:
    assert await links(tmp_path).take("of-no-link", {WHO}) is None
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 (an empty folder)
