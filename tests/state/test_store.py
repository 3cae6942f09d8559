"""The server's own store: one key for one intent, whoever asks at once and whatever dies; a count that processes share."""

from __future__ import annotations

import sqlite3
import stat
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flintt_mcp.errors import CallRefused
from flintt_mcp.state.store import FILE_NAME, Store
from tests.clock import SetClock

pytestmark = pytest.mark.anyio

KEY = b"k" * 32
NOW = 1_800_000_000.0
DAY = 24 * 3600.0
INTENT = ("lg_live_caller", "flowmaticx_create_job", '{"keyword":"plumber"}', "")
CLAIM = """
import anyio, os, pathlib, signal, sys
from flintt_mcp.state.store import Store

async def main():
    store = Store(pathlib.Path(sys.argv[1]), b"k" * 32)
    for number in range(int(sys.argv[2])):
        intent = ("lg_live_caller", "flowmaticx_create_job", '{"keyword":"plumber"}', str(number) if number else "")
        print(await store.claim(*intent, 1_800_000_000.0), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

anyio.run(main)
"""
COUNT = """
import anyio, pathlib, sys
from flintt_mcp.state.store import Store

async def main():
    store = Store(pathlib.Path(sys.argv[1]), b"k" * 32)
    waits = [await store.take("bucket", 30, 60.0, 0) for _ in range(20)]
    print(sum(wait == 0 for wait in waits))
    store.close()

anyio.run(main)
"""


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path, KEY)
    yield opened
    opened.close()


async def test_an_intent_has_the_same_random_key_for_a_day_and_then_a_new_one(store):
    first = await store.claim(*INTENT, NOW)

    assert len(first) == 36
    assert await store.claim(*INTENT, NOW + DAY - 1) == first
    later = await store.claim(*INTENT, NOW + DAY)
    assert later != first
    assert await store.claim(*INTENT, NOW + 2 * DAY - 1) == later


async def test_caller_tool_arguments_and_intent_each_make_another_key(store):
    intents = [INTENT] + [(*INTENT[:place], "other", *INTENT[place + 1 :]) for place in range(4)]
    # Where one part ends and the next begins counts as well.
    intents += [("lg_live_", "callerflowmaticx_create_job", *INTENT[2:]), (*INTENT[:2], "", INTENT[2])]

    assert len({await store.claim(*intent, NOW) for intent in intents}) == len(intents)


async def test_two_folders_never_give_the_same_key(store, tmp_path):
    other = Store(tmp_path / "other", KEY)
    assert await store.claim(*INTENT, NOW) != await other.claim(*INTENT, NOW)
    other.close()


async def test_no_file_is_made_before_something_is_stored_and_then_it_is_private(tmp_path):
    folder = tmp_path / "data"
    store = Store(folder, KEY)
    assert not folder.exists()

    await store.claim(*INTENT, NOW)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        (FILE_NAME, f"{FILE_NAME}-shm", f"{FILE_NAME}-wal"), 0o600
    )
    store.close()


async def test_neither_arguments_nor_callers_are_in_the_file(store, tmp_path):
    await store.claim(*INTENT, NOW)
    store.close()

    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [word for word in (b"lg_live", b"flowmaticx", b"plumber") if word in content] == []


async def test_claims_older_than_a_day_are_removed(store, tmp_path):
    for number in range(20):
        await store.claim(*INTENT[:3], str(number), NOW + number)
    await store.claim(*INTENT, NOW + DAY + 9)
    store.close()

    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("SELECT count(*) FROM claims").fetchone() == (11,)
    connection.close()


@settings(max_examples=15)
@given(callers=st.lists(st.integers(0, 3), min_size=2, max_size=24), stores=st.integers(1, 4))
def test_calls_at_once_get_one_key_for_one_intent(callers, stores):
    keys: dict[int, set[str]] = {}

    async def claim(store: Store, intent: int) -> None:
        keys.setdefault(intent, set()).add(await store.claim(*INTENT[:3], str(intent), NOW))

    async def all_at_once(folder: Path) -> None:
        opened = [Store(folder, KEY) for _ in range(stores)]
        async with anyio.create_task_group() as group:
            for number, intent in enumerate(callers):
                group.start_soon(claim, opened[number % stores], intent)
        for store in opened:
            store.close()

    with TemporaryDirectory() as folder:
        anyio.run(all_at_once, Path(folder))
    assert sorted(keys) == sorted(set(callers))
    assert all(len(found) == 1 for found in keys.values())
    assert len(set.union(*keys.values())) == len(keys)


async def test_processes_that_claim_together_and_are_killed_agree_and_forget_nothing(tmp_path):
    said: list[list[str]] = []

    async def claim() -> None:
        process = await anyio.run_process([sys.executable, "-c", CLAIM, str(tmp_path / "data"), "5"], check=False)
        assert process.returncode == -9
        said.append(process.stdout.decode().split())

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(claim)

    store = Store(tmp_path / "data", KEY)
    kept = [await store.claim(*INTENT[:3], str(number) if number else "", NOW + 3600) for number in range(5)]
    store.close()
    assert said == [kept] * 3
    assert len(set(kept)) == 5


async def test_a_store_that_cannot_be_used_refuses_the_call_before_anything_is_sent(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"no database at all, but a text that is long enough to be looked at" * 100)
    store = Store(tmp_path, KEY)

    with pytest.raises(CallRefused) as refused:
        await store.claim(*INTENT, NOW)
    assert (refused.value.changed, refused.value.message) == (
        "no",
        "The server could not use its store (DatabaseError), so nothing was sent",
    )


async def test_a_file_of_a_newer_version_is_left_alone(store, tmp_path):
    await store.claim(*INTENT, NOW)
    store.close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(CallRefused):
        await store.claim(*INTENT, NOW)


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
        one, other = Store(folder, KEY, wall=clock.seconds), Store(folder, KEY, wall=clock.seconds)
        for number, step in enumerate(steps):
            clock.forward(seconds=step)
            elapsed += max(step, 0.0)
            if await (one, other)[number % 2].take("bucket", limit, 60.0, 0) == 0:
                sent.append(elapsed)
        one.close()
        other.close()

    with TemporaryDirectory() as folder:
        anyio.run(walk, Path(folder))
    assert all(after - before >= 60 - 1e-3 for before, after in zip(sent, sent[limit:], strict=False))


async def test_a_clock_that_is_set_back_an_hour_makes_nobody_wait_longer_than_a_window(tmp_path, clock):
    store = Store(tmp_path, KEY, wall=clock.seconds)
    assert await store.take("bucket", 1, 60.0, 0) == 0

    clock.forward(hours=-1)
    assert await store.take("bucket", 1, 60.0, 0) == 60
    clock.forward(seconds=60)
    assert await store.take("bucket", 1, 60.0, 0) == 0
    store.close()


async def test_whoever_must_wait_is_told_how_long(tmp_path, clock):
    store = Store(tmp_path, KEY, wall=clock.seconds)
    waits = []
    for pause in (0, 10, 10):
        clock.forward(seconds=pause)
        waits.append(await store.take("bucket", 2, 60.0, 0))
    assert [*waits, await store.take("bucket", 2, 60.0, 1), await store.take("other", 2, 60.0, 0)] == [0, 0, 40, 50, 0]
    store.close()
