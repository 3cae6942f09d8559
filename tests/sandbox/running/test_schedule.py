"""When signals are due: moments in UTC, month ends, one run after a downtime, nothing for a pause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.sandbox.flintt.running.runner import run_waiting
from flintt_mcp.sandbox.flintt.running.schedule import latest_due, next_due
from tests.certain import there
from tests.sandbox.running.source_server import rss


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BUILT = at("2026-01-31T15:00")
MOMENTS = st.datetimes(datetime(2026, 2, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
TIMINGS = st.sampled_from(
    [
        ("daily", None),
        ("weekly", None),
        ("monthly", None),
        (None, "0 8 * * 1-5"),
        (None, "*/20 * * * *"),
        (None, "30 6 1,15 * *"),
        (None, "0 0 29 2 *"),
        (None, "0 12 L * *"),
    ]
)


@pytest.mark.parametrize(
    ("frequency", "schedule", "now", "due"),
    [
        ("daily", None, "2026-02-01T06:00", "2026-02-01T06:00"),
        ("daily", None, "2026-02-01T05:59", None),
        ("weekly", None, "2026-02-07T06:00", "2026-02-07T06:00"),
        ("weekly", None, "2026-02-13T23:00", "2026-02-07T06:00"),
        ("monthly", None, "2026-02-28T06:00", "2026-02-28T06:00"),
        ("monthly", None, "2026-03-30T06:00", "2026-02-28T06:00"),
        ("monthly", None, "2026-03-31T06:00", "2026-03-31T06:00"),
        ("monthly", None, "2028-02-29T07:00", "2028-02-29T06:00"),
        (None, "0 8 * * 1-5", "2026-02-02T08:00", "2026-02-02T08:00"),
        (None, "0 8 * * 1-5", "2026-02-02T07:59", None),
        (None, "0 12 L * *", "2026-02-28T12:00", "2026-02-28T12:00"),
        (None, None, "2026-12-31T23:59", None),
    ],
)
def test_the_latest_moment_that_is_due(frequency, schedule, now, due):
    found = latest_due(frequency, schedule, BUILT, BUILT, at(now))

    assert found == (at(due) if due else None)


def test_clock_changes_of_other_places_neither_drop_nor_double_a_moment():
    # Europe and America change their clocks in these nights; half past two exists once in UTC.
    for day in ("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01"):
        midnight = at(f"{day}T00:00")
        minutes = [midnight + timedelta(minutes=minute) for minute in range(24 * 60)]
        due = {latest_due(None, "30 2 * * *", BUILT, midnight, minute) for minute in minutes} - {None}

        assert due == {at(f"{day}T02:30")}


FIRES = {
    "* * * * *": lambda moment: True,
    "0,1 * * * *": lambda moment: moment.minute in (0, 1),
    "*/20 * * * *": lambda moment: moment.minute % 20 == 0,
    "59 23 * * *": lambda moment: (moment.hour, moment.minute) == (23, 59),
    "0 8 * * 1-5": lambda moment: (moment.hour, moment.minute) == (8, 0) and moment.weekday() < 5,
    "30 6 1,15 * *": lambda moment: (moment.hour, moment.minute) == (6, 30) and moment.day in (1, 15),
}
"""Cron expressions, and what they say of a minute in words of our own: no search, so no direction to be wrong in."""


@given(st.sampled_from(sorted(FIRES)), MOMENTS, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_what_is_due_is_the_last_minute_of_its_expression_whatever_second_it_is(schedule, after, later):
    now = after + later
    this_minute = now.replace(second=0, microsecond=0)
    minutes = (this_minute - timedelta(minutes=back) for back in range(2 * 24 * 60 + 1))
    expected = next((minute for minute in minutes if minute > after and FIRES[schedule](minute)), None)

    assert latest_due(None, schedule, BUILT, after, now) == expected


@given(st.sampled_from(["* * * * *", "0,1 * * * *"]), MOMENTS, st.lists(st.integers(1, 59), min_size=1, max_size=200))
def test_who_looks_more_than_once_a_minute_misses_none_and_sees_none_twice(schedule, start, waits):
    now, answered = start, [start]
    for seconds in waits:
        now += timedelta(seconds=seconds)
        due = latest_due(None, schedule, BUILT, answered[-1], now)
        answered += [due] if due else []

    first = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    minutes = [first + timedelta(minutes=ahead) for ahead in range(int((now - first) / timedelta(minutes=1)) + 1)]
    assert answered[1:] == [minute for minute in minutes if minute <= now and FIRES[schedule](minute)]


@given(TIMINGS, MOMENTS)
def test_the_next_moment_is_the_first_that_will_be_due(timing, now):
    frequency, schedule = timing
    upcoming = there(next_due(frequency, schedule, BUILT, now))
    just_before = latest_due(frequency, schedule, BUILT, now, upcoming - timedelta(seconds=1))

    assert upcoming > now
    assert latest_due(frequency, schedule, BUILT, now, upcoming) == upcoming
    assert just_before is None


@given(TIMINGS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=90)))
def test_a_moment_that_was_answered_is_not_due_again(timing, after, later):
    frequency, schedule = timing
    now = after + later
    due = latest_due(frequency, schedule, BUILT, after, now)

    if due is not None:
        assert after < due <= now
        assert latest_due(frequency, schedule, BUILT, due, now) is None


@pytest.fixture
async def daily(web, make_signal) -> str:
    """Built on Wednesday at 09:00, runs at 06:00."""
    return await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss())}, frequency="daily")


@pytest.fixture
def runs_of(flintt, sandbox):
    """Let the runner look once, then answer how many runs there are."""

    async def count(signal_id: str) -> list[str]:
        await run_waiting(sandbox.ground)
        return [run["run_mode"] for run in (await flintt.get(f"signals/{signal_id}/runs")).json()]

    return count


@pytest.mark.anyio
async def test_a_run_starts_when_it_is_due_and_once(daily, clock, runs_of):
    assert await runs_of(daily) == []
    clock.forward(hours=20, minutes=59)
    assert await runs_of(daily) == []
    clock.forward(minutes=1)
    assert await runs_of(daily) == ["scheduled"]
    assert await runs_of(daily) == ["scheduled"]
    clock.forward(days=1)
    assert await runs_of(daily) == ["scheduled"] * 2


@pytest.mark.anyio
@pytest.mark.parametrize(("schedule", "runs"), [("* * * * *", 3), ("0,1 * * * *", 2)])
async def test_a_schedule_of_minutes_starts_a_run_in_each(web, make_signal, clock, runs_of, schedule, runs):
    signal_id = await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss())}, schedule=schedule)
    clock.forward(minutes=58, seconds=30)
    before = len(await runs_of(signal_id))

    for _ in range(3):
        clock.forward(minutes=1)
        await runs_of(signal_id)

    assert len(await runs_of(signal_id)) - before == runs


@pytest.mark.anyio
async def test_after_a_downtime_one_run_makes_up_for_all_that_were_missed(daily, clock, runs_of):
    clock.forward(days=40)
    assert await runs_of(daily) == ["scheduled"]
    clock.forward(hours=20)
    assert await runs_of(daily) == ["scheduled"]
    clock.forward(hours=1)
    assert await runs_of(daily) == ["scheduled"] * 2


@pytest.mark.anyio
async def test_a_paused_signal_does_not_run_and_what_it_missed_is_not_made_up_for(daily, clock, runs_of, flintt):
    await flintt.patch(f"signals/{daily}", json={"status": "paused"})
    clock.forward(days=3)
    assert await runs_of(daily) == []
    await flintt.patch(f"signals/{daily}", json={"status": "active"})
    assert await runs_of(daily) == []
    clock.forward(days=1)
    assert await runs_of(daily) == ["scheduled"]


@pytest.mark.anyio
async def test_a_new_schedule_counts_from_when_it_was_set(daily, clock, runs_of, flintt):
    clock.forward(hours=2)
    await flintt.patch(f"signals/{daily}", json={"schedule": "0 10 * * *"})
    assert await runs_of(daily) == []
    clock.forward(hours=23)
    assert await runs_of(daily) == ["scheduled"]


@pytest.mark.anyio
async def test_a_rename_does_not_swallow_a_run_that_is_due(daily, clock, runs_of, flintt):
    clock.forward(days=1)
    await flintt.patch(f"signals/{daily}", json={"name": "Renamed"})

    assert await runs_of(daily) == ["scheduled"]


@pytest.mark.anyio
async def test_a_run_by_hand_does_not_take_the_place_of_a_scheduled_one(daily, clock, runs_of, app):
    clock.forward(hours=20)
    await app.post(f"signals/{daily}/runs")
    assert await runs_of(daily) == ["manual"]
    clock.forward(hours=1)
    assert await runs_of(daily) == ["scheduled", "manual"]


@pytest.mark.anyio
async def test_the_signals_of_the_example_data_do_not_run_because_they_have_no_sources_here(clock, runs_of, flintt):
    before = len((await flintt.get("runs", params={"limit": 100})).json())
    seeded = next(signal for signal in (await flintt.get("signals")).json() if signal["status"] == "active")
    count = len((await flintt.get(f"signals/{seeded['id']}/runs")).json())
    clock.forward(days=40)

    assert len(await runs_of(seeded["id"])) == count
    assert len((await flintt.get("runs", params={"limit": 100})).json()) == before
