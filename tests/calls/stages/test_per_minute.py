"""Calls a minute: one key cannot make more than the operator allows, is told when it may go on, and costs no other key a call."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flintt_mcp.app
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.reply import Done, Refused, Reply
from flintt_mcp.calls.stages.per_minute import MINUTE, PerMinute
from flintt_mcp.errors import Busy
from tests.clock import SetClock
from tests.fake_api import FakeApi, call, open_fake

pytestmark = pytest.mark.anyio


async def test_the_next_call_of_a_key_waits_for_its_minute_and_no_other_key_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    monkeypatch.setattr(flintt_mcp.app, "time", SimpleNamespace(time=clock.seconds, monotonic=clock.seconds))
    fake = FakeApi()
    fake.will_answer(*[[] for _ in range(5)])
    async with open_fake(tmp_path, fake, calls_per_minute=2) as app:

        async def listed(key: str) -> Reply:
            return await call(app, "list_signals", {}, app.credentials.with_secrets({"flintt": key}))

        assert isinstance(await listed("flt_one"), Done)
        clock.forward(seconds=20)
        assert isinstance(await listed("flt_one"), Done)
        refused = await listed("flt_one")
        assert isinstance(refused, Refused)
        assert (type(refused.error), refused.error.changed, refused.error.message, refused.error.advice) == (
            Busy,
            "no",
            "This server lets one key make 2 calls a minute, and that many were made",
            "nothing was sent; call again in 40 s, or have the operator raise --calls-per-minute",
        )
        assert isinstance(await listed("flt_another"), Done)
        clock.forward(seconds=40)
        assert isinstance(await listed("flt_one"), Done)
    assert len(fake.requests) == 4


async def test_documentation_and_callers_without_a_key_are_not_counted(tmp_path: Path) -> None:
    async with open_fake(tmp_path, FakeApi(), calls_per_minute=1) as app:
        nobody = Caller("nobody")
        replies = [await call(app, "list_docs", {}, nobody) for _ in range(5)]
    assert all(isinstance(reply, Done) for reply in replies)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 50, allow_nan=False)), max_size=60), st.integers(1, 4))
async def test_sixty_seconds_hold_twice_the_number_at_most_and_who_keeps_to_it_is_never_refused(
    calls: list[tuple[str, float]], most: int
) -> None:
    clock, tool = SetClock(), SimpleNamespace(api="flintt")
    stage = PerMinute(most, clock.seconds)
    made: dict[str, list[float]] = {}
    passed: dict[str, list[float]] = {}

    async def next_(call: Any) -> Done:
        passed.setdefault(call.caller.principal, []).append(clock.seconds())
        return Done()

    for who, pause in calls:
        clock.forward(seconds=pause)
        made.setdefault(who, []).append(clock.seconds())
        try:
            call: Any = SimpleNamespace(tool=tool, caller=Caller(who, {}, None, {"flintt": who}))
            await stage(call, next_)
        except Busy:
            assert _most_in_a_minute(made[who]) > most
    assert all(_most_in_a_minute(times) <= 2 * most for times in passed.values())


def _most_in_a_minute(times: list[float]) -> int:
    return max(sum(start <= time < start + MINUTE for time in times) for start in times)
