"""Intents on SQLite: one row for what a caller wants, whoever asks at once, and each step taken by one of those who try."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flintt_mcp.calls.intent import STEPS, Intent, IntentReused, OverCap, State, Wanted
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import CallRefused
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.server_file import FILE_NAME, server_file
from tests.certain import of_kind
from tests.clock import SetClock

pytestmark = pytest.mark.anyio

KEY = b"k" * 32
DAY = 86_400.0
JOB = Wanted(
    caller="somebody",
    tool="flowmaticx_create_job",
    effect=Effect.SPEND,
    canonical='{"keyword":"plumber"}',
    amount=Decimal(5),
    unit="leads",
    remembered=DAY,
)
CLAIM = """
import anyio, os, pathlib, signal, sys
from tests.state.test_intents import JOB, KEY, opened
from flintt_mcp.calls.intent import State
from msgspec.structs import replace

async def main():
    with opened(pathlib.Path(sys.argv[1]), lambda: 1_800_000_000.0) as intents:
        for number in range(5):
            wanted = replace(JOB, named=str(number) if number else "")
            intent, ours = await intents.claim(wanted, State.EXECUTING, 1_800_000_050.0, 1_800_000_050.0)
            print(intent.id, intent.key, int(ours), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

anyio.run(main)
"""


class opened:
    """Intents in a folder, closed at the end."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._file = server_file(folder)
        self._intents = StoredIntents(self._file, KEY, now, Journal(b"k" * 32))

    def __enter__(self) -> StoredIntents:
        return self._intents

    def __exit__(self, *_: object) -> None:
        self._file.close()


@pytest.fixture
def intents(tmp_path: Path, clock: SetClock) -> Iterator[StoredIntents]:
    with opened(tmp_path, clock.seconds) as made:
        yield made


async def test_what_is_claimed_comes_back_whole_and_is_one_row_while_it_counts(
    intents: StoredIntents, clock: SetClock
) -> None:
    now = clock.seconds()
    first, ours = await intents.claim(JOB, State.EXECUTING, now + 60, now + 50)

    assert ours
    assert (first.wanted, first.state, first.made_at, first.ends_at, first.settles_at) == (
        JOB,
        State.EXECUTING,
        now,
        now + 60,
        now + 50,
    )
    assert await intents.claim(JOB, State.EXECUTING, now + 60, now + 50) == (first, False)
    assert await intents.find(first.id) == first


async def test_caller_tool_arguments_and_name_each_make_another_intent(intents: StoredIntents, clock: SetClock) -> None:
    ends_at = clock.seconds() + 60
    wanted = [
        JOB,
        replace(JOB, caller="another"),
        replace(JOB, tool="flowpilot_create_run"),
        replace(JOB, canonical='{"keyword":"baker"}'),
        replace(JOB, named="second"),
    ]
    made = [await intents.claim(one, State.EXECUTING, ends_at, ends_at) for one in wanted]

    assert [ours for _, ours in made] == [True] * 5
    assert len({intent.id for intent, _ in made}) == len({intent.key for intent, _ in made}) == 5


async def test_a_name_that_stands_for_something_else_is_refused_for_a_day(
    intents: StoredIntents, clock: SetClock
) -> None:
    named = replace(JOB, named="mine")
    await intents.claim(named, State.EXECUTING, clock.seconds() + 60, clock.seconds() + 60)

    for other in (replace(named, canonical="{}"), replace(named, tool="create_company")):
        with pytest.raises(IntentReused):
            await intents.claim(other, State.EXECUTING, clock.seconds() + 60)
    foreign, ours = await intents.claim(replace(named, caller="another", canonical="{}"), State.EXECUTING, 0.0)
    clock.forward(days=1)
    late, late_ours = await intents.claim(replace(named, canonical="{}"), State.EXECUTING, 0.0)
    assert (ours, late_ours) == (True, True)
    assert foreign.id != late.id


async def test_a_result_is_remembered_until_its_end_and_a_failure_not_at_all(
    intents: StoredIntents, clock: SetClock
) -> None:
    done, _ = await intents.claim(JOB, State.EXECUTING, clock.seconds() + 60)
    kept = await intents.step(done, State.DONE, ends_at=clock.seconds() + 600, reply=b"the first result")
    assert await intents.claim(JOB, State.EXECUTING, 0.0) == (kept, False)
    clock.forward(seconds=600)
    again, ours = await intents.claim(JOB, State.EXECUTING, clock.seconds() + 60)
    assert ours

    await intents.step(again, State.FAILED)
    third, ours = await intents.claim(JOB, State.EXECUTING, clock.seconds() + 60)
    assert ours
    assert third.id != again.id


async def test_after_a_deletion_no_create_before_it_is_remembered(intents: StoredIntents, clock: SetClock) -> None:
    """What a create made may be what was deleted: its result would be an old one."""

    async def done(wanted: Wanted) -> str:
        intent, _ = await intents.claim(wanted, State.EXECUTING, clock.seconds() + 60)
        await intents.step(intent, State.DONE, ends_at=clock.seconds() + 600)
        return intent.id

    create = replace(JOB, tool="create_webhook", effect=Effect.CREATE)
    foreign = replace(create, caller="another")
    named = replace(create, named="row-1")
    made = [await done(create), await done(foreign), await done(JOB), await done(named)]
    await done(replace(JOB, tool="delete_webhook", effect=Effect.DESTROY))

    now = [
        (await intents.claim(wanted, State.EXECUTING, clock.seconds() + 60)) for wanted in (create, foreign, JOB, named)
    ]
    assert [ours for _, ours in now] == [True, False, False, False]
    assert [intent.id for intent, _ in now[1:]] == made[1:]


async def test_what_was_lost_in_the_middle_counts_for_a_day(intents: StoredIntents, clock: SetClock) -> None:
    lost, _ = await intents.claim(JOB, State.EXECUTING, clock.seconds() + 1)
    clock.forward(hours=23)
    assert await intents.claim(JOB, State.EXECUTING, 0.0) == (lost, False)
    unknown = await intents.step(lost, State.UNKNOWN)
    clock.forward(hours=23)
    assert await intents.claim(JOB, State.EXECUTING, 0.0) == (unknown, False)
    clock.forward(hours=1)
    assert (await intents.claim(JOB, State.EXECUTING, 0.0))[1]


@pytest.mark.parametrize("before", State)
async def test_a_step_is_taken_from_the_states_it_may_follow_and_no_other(
    before: State, intents: StoredIntents, tmp_path: Path, clock: SetClock
) -> None:
    intent, _ = await intents.claim(JOB, State.DRAFT, clock.seconds() + 60)
    taken = set()
    for after in State:
        with sqlite3.connect(tmp_path / FILE_NAME) as connection:
            connection.execute("UPDATE intents SET state = ?", (before,))
        connection.close()
        if await intents.step(intent, after) is not None:
            taken.add(after)
    assert taken == STEPS.get(before, frozenset())


async def test_what_waits_for_a_person_ends_by_the_clock(intents: StoredIntents, clock: SetClock) -> None:
    draft, _ = await intents.claim(JOB, State.DRAFT, clock.seconds() + 600)
    asked = await intents.step(draft, State.ASKED, shown="5 leads")
    assert asked is not None
    clock.forward(seconds=600)

    assert await intents.step(asked, State.APPROVED) is None
    expired = await intents.step(asked, State.EXPIRED)
    assert expired is not None
    assert (expired.state, expired.shown) == (State.EXPIRED, "5 leads")
    assert (await intents.claim(JOB, State.DRAFT, clock.seconds() + 600))[1]


async def test_one_of_many_who_try_takes_a_step(tmp_path: Path, clock: SetClock) -> None:
    with opened(tmp_path, clock.seconds) as one, opened(tmp_path, clock.seconds) as other:
        asked, _ = await one.claim(JOB, State.ASKED, clock.seconds() + 600)
        taken = []

        async def approve(intents: StoredIntents) -> None:
            taken.append(await intents.step(asked, State.APPROVED))

        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(approve, (one, other)[number % 2])
        assert len([step for step in taken if step is not None]) == 1


async def test_an_intent_is_found_for_its_own_caller_alone(intents: StoredIntents, clock: SetClock) -> None:
    intent, _ = await intents.claim(JOB, State.DRAFT, clock.seconds() + 60)
    assert await intents.find(intent.id, "somebody") == intent
    assert await intents.find(intent.id, "another") is None
    assert await intents.find("int_unknown") is None


async def test_of_what_comes_at_once_to_two_processes_no_more_is_taken_than_fits(
    tmp_path: Path, clock: SetClock
) -> None:
    stores = [StoredIntents(server_file(tmp_path), KEY, clock.seconds, Journal(KEY)) for _ in range(2)]
    taken: list[bool] = []

    async def take(number: int) -> None:
        wanted = replace(JOB, named=f"n{number}", amount=Decimal(30))
        try:
            _, ours = await stores[number % 2].claim(wanted, State.EXECUTING, 0.0, 0.0, most=Decimal(100))
        except OverCap:
            ours = False
        taken.append(ours)

    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(take, number)
    assert (taken.count(True), len(taken)) == (3, 12)
    assert await stores[0].used(JOB, 0.0) == 90


async def test_what_was_approved_is_not_begun_once_the_day_is_full_and_waits(
    intents: StoredIntents, clock: SetClock
) -> None:
    asked = [
        (await intents.claim(replace(JOB, named=name, amount=Decimal(60)), State.ASKED, clock.seconds() + 60))[0]
        for name in ("a", "b")
    ]
    for intent in asked:
        assert await intents.step(intent, State.APPROVED) is not None
    first, second = asked
    assert await intents.step(first, State.EXECUTING, most=Decimal(100)) is not None
    with pytest.raises(OverCap):
        await intents.step(second, State.EXECUTING, most=Decimal(100))
    assert of_kind(Intent, await intents.find(second.id)).state is State.APPROVED
    assert await intents.step(second, State.EXECUTING, most=Decimal(120)) is not None


async def test_what_was_sent_counts_against_a_cap(intents: StoredIntents, clock: SetClock) -> None:
    start = clock.seconds()
    for number, steps in enumerate(
        ((), (State.DONE,), (State.UNKNOWN,), (State.FAILED,), (State.UNKNOWN, State.FAILED))
    ):
        intent, _ = await intents.claim(
            replace(JOB, named=f"n{number}", amount=Decimal(f"{10**number}.5")), State.EXECUTING, 0.0
        )
        for step in steps:
            await intents.step(intent, step)
    await intents.claim(replace(JOB, caller="another"), State.EXECUTING, 0.0)
    await intents.claim(replace(JOB, unit="NGN"), State.EXECUTING, 0.0)
    await intents.claim(replace(JOB, named="asked"), State.ASKED, clock.seconds() + 60)

    assert await intents.used(replace(JOB, named="new"), start) == Decimal("112.5")
    assert await intents.used(replace(JOB, named="n2"), start) == Decimal("12")
    assert await intents.used(replace(JOB, named="new"), start + 1) == 0


async def test_what_is_over_is_forgotten_after_a_day(intents: StoredIntents, tmp_path: Path, clock: SetClock) -> None:
    for number in range(5):
        intent, _ = await intents.claim(replace(JOB, named=f"n{number}"), State.EXECUTING, 0.0)
        await intents.step(intent, State.DONE, reply=b"what nobody needs any more")
    clock.forward(days=1, seconds=1)
    await intents.claim(JOB, State.EXECUTING, 0.0)

    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        assert connection.execute("SELECT count(*) FROM intents").fetchone() == (1,)
    connection.close()


@settings(max_examples=15)
@given(callers=st.lists(st.integers(0, 3), min_size=2, max_size=24), files=st.integers(1, 4))
def test_of_calls_at_once_one_has_it_to_do(callers: list[int], files: int) -> None:
    owners: dict[int, int] = {}

    async def claim(intents: StoredIntents, number: int) -> None:
        _, ours = await intents.claim(replace(JOB, named=f"n{number}"), State.EXECUTING, 0.0)
        owners[number] = owners.get(number, 0) + ours

    async def all_at_once(folder: Path) -> None:
        made = [opened(folder, SetClock().seconds) for _ in range(files)]
        async with anyio.create_task_group() as group:
            for place, number in enumerate(callers):
                group.start_soon(claim, made[place % files].__enter__(), number)
        for one in made:
            one.__exit__()

    with TemporaryDirectory() as folder:
        anyio.run(all_at_once, Path(folder))
    assert owners == dict.fromkeys(callers, 1)


async def test_processes_that_claim_together_and_are_killed_agree_and_forget_nothing(tmp_path: Path) -> None:
    said: list[list[list[str]]] = []

    async def claim() -> None:
        process = await anyio.run_process([sys.executable, "-c", CLAIM, str(tmp_path / "data")], check=False)
        assert process.returncode == -9
        said.append([line.split() for line in process.stdout.decode().splitlines()])

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(claim)

    assert len({tuple((row[0], row[1]) for row in rows) for rows in said}) == 1
    assert [sum(int(rows[number][2]) for rows in said) for number in range(5)] == [1] * 5


async def test_intents_are_counted_by_where_they_stand(intents: StoredIntents, clock: SetClock) -> None:
    assert await intents.by_state() == {}
    ends_at = clock.seconds() + 60
    for name, state in (("a", State.ASKED), ("b", State.EXECUTING), ("c", State.EXECUTING), ("d", State.EXECUTING)):
        intent, _ = await intents.claim(replace(JOB, named=name), state, ends_at)
    await intents.step(intent, State.DONE)
    assert await intents.by_state() == {State.ASKED: 1, State.EXECUTING: 2, State.DONE: 1}


async def test_no_file_is_made_before_something_is_stored_and_then_it_is_private(
    tmp_path: Path, clock: SetClock
) -> None:
    folder = tmp_path / "data"
    with opened(folder, clock.seconds) as intents:
        assert not folder.exists()
        await intents.claim(JOB, State.EXECUTING, 0.0)
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
            (FILE_NAME, f"{FILE_NAME}-shm", f"{FILE_NAME}-wal"), 0o600
        )


@pytest.mark.parametrize("content", [b"no database at all, but a text that is long enough to be looked at" * 100])
async def test_a_file_that_cannot_be_used_refuses_the_call_before_anything_is_sent(
    content: bytes, tmp_path: Path, clock: SetClock
) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with opened(tmp_path, clock.seconds) as intents, pytest.raises(CallRefused) as refused:
        await intents.claim(JOB, State.EXECUTING, 0.0)
    assert (refused.value.changed, refused.value.message) == (
        "no",
        "The server could not use its store (DatabaseError), so nothing was sent",
    )


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path, clock: SetClock) -> None:
    with opened(tmp_path, clock.seconds) as intents:
        await intents.claim(JOB, State.EXECUTING, 0.0)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with opened(tmp_path, clock.seconds) as intents, pytest.raises(CallRefused):
        await intents.claim(JOB, State.EXECUTING, 0.0)
