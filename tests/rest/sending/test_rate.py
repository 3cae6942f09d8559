"""The client's own rate limit: never more than the API allows in any window, nobody passed over, refusals at once.

Time is played: a sleeping call hands its wake-up time to a small scheduler, so that every arrival pattern runs in no time.
"""

from __future__ import annotations

import heapq
import math
import types
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.errors import RateLimited
from flintt_mcp.rest.sending.message import Quota, UpstreamRequest
from flintt_mcp.rest.sending.rate import SLACK_SECONDS, Rate
from flintt_mcp.rest.sending.retry import Pace
from flintt_mcp.state.windows import MemoryWindow
from tests.certain import there
from tests.clock import SetClock

KEY = "lg_live_of_a_test"


def asking(quota: Quota, key: str = KEY) -> UpstreamRequest:
    return UpstreamRequest("flowmaticx_list_jobs", "GET", "https://api.invalid", {}, key=key, quota=quota)


@types.coroutine
def sleep(seconds: float) -> Generator[float, None, None]:
    yield seconds


@dataclass
class Play:
    """Calls that arrive at given moments, with a patience each; `late` are the delays by which sleeps overshoot."""

    limit: int
    seconds: float = 60.0
    late: list[float] = field(default_factory=list)
    now: float = 0.0
    sent: list[tuple[float, int]] = field(default_factory=list)
    refused: dict[int, RateLimited] = field(default_factory=dict)

    def run(self, arrivals: list[tuple[float, float]]) -> Play:
        rate = Rate(MemoryWindow(lambda: self.now), b"k" * 32, Pace(now=lambda: self.now, sleep=sleep))
        late = iter(self.late)
        waiting: list[tuple[float, int, Coroutine[Any, Any, None]]] = []
        for number, (moment, patience) in enumerate(arrivals):
            heapq.heappush(waiting, (moment, number, self._call(rate, number, moment + patience)))
        while waiting:
            moment, number, call = heapq.heappop(waiting)
            self.now = max(self.now, moment)
            try:
                wait = call.send(None)
            except StopIteration:
                continue
            heapq.heappush(waiting, (self.now + wait + next(late, 0.0), number, call))
        return self

    async def _call(self, rate: Rate, number: int, until: float) -> None:
        try:
            await rate.admit(asking(Quota("FlowMaticX", self.limit, self.seconds)), until)
        except RateLimited as error:
            self.refused[number] = error
        else:
            self.sent.append((self.now, number))


MOMENTS = st.lists(st.floats(0, 400, allow_nan=False), max_size=60).map(sorted)
# Eighths of a second are exact in binary: who comes first is then no question of rounding.
EIGHTHS = st.lists(st.integers(0, 3200).map(lambda eighths: eighths / 8), max_size=60).map(sorted)
PATIENCE = st.floats(0, 300, allow_nan=False)
ARRIVALS = MOMENTS.flatmap(
    lambda moments: st.lists(PATIENCE, min_size=len(moments), max_size=len(moments)).map(
        lambda patience: list(zip(moments, patience, strict=True))
    )
)
LATE = st.lists(st.floats(0, 90, allow_nan=False), max_size=40)


@given(arrivals=ARRIVALS, late=LATE, limit=st.integers(1, 8))
def test_no_window_of_a_minute_ever_holds_more_than_the_limit(arrivals, late, limit):
    sent = [moment for moment, _ in Play(limit, late=late).run(arrivals).sent]

    assert sent == sorted(sent)
    assert all(after - before > 60 for before, after in zip(sent, sent[limit:], strict=False))


@given(moments=EIGHTHS, limit=st.integers(1, 8))
def test_patient_calls_are_all_sent_in_order_and_none_later_than_it_must(moments, limit):
    play = Play(limit).run([(moment, math.inf) for moment in moments])

    best: list[float] = []
    for moment in moments:
        best.append(max(moment, best[-limit] + 60 + SLACK_SECONDS if len(best) >= limit else moment))
    assert [number for _, number in play.sent] == list(range(len(moments)))
    assert [moment for moment, _ in play.sent] == best


@given(arrivals=ARRIVALS, limit=st.integers(1, 8))
def test_whoever_is_refused_could_not_have_been_sent_in_time_and_is_told_how_long_to_wait(arrivals, limit):
    play = Play(limit).run(arrivals)

    assert len(play.sent) + len(play.refused) == len(arrivals)
    assert all(moment <= sum(arrivals[number]) + 0.1 for moment, number in play.sent)
    assert all(there(error.retry_after) > 0 and error.changed == "no" for error in play.refused.values())


def test_three_hundred_requests_a_minute_pass_at_once_and_the_next_one_is_refused_in_a_sentence():
    play = Play(300).run([(0.0, 30.0)] * 301)

    assert play.sent == [(0.0, number) for number in range(300)]
    error = play.refused[300]
    assert error.message == "FlowMaticX takes 300 requests in 60 s from one key, and that many have been sent"
    assert (error.advice, error.retry_after) == ("nothing was sent; wait 61 s, then call again", 61.0)


def test_a_call_with_time_enough_waits_for_its_turn():
    assert Play(2).run([(0.0, 30.0), (40.0, 30.0), (50.0, 30.0)]).sent == [(0.0, 0), (40.0, 1), (61.0, 2)]


def test_a_newcomer_does_not_pass_those_who_wait():
    # At 61 s one place is free: it belongs to the second call, although the third arrives in that very moment.
    play = Play(1, late=[5.0]).run([(0.0, 1.0), (1.0, 300.0), (62.0, 300.0)])

    assert [number for _, number in play.sent] == [0, 1, 2]


def test_each_key_has_its_own_limit_and_shows_in_no_repr():
    window = MemoryWindow(lambda: 0.0)
    rate = Rate(window, b"k" * 32, Pace(now=lambda: 0.0, sleep=sleep))
    one = Quota("FlowMaticX", 1)
    requests = [asking(one), asking(one, "lg_live_other"), asking(Quota("Other", 1))]
    for request in requests:
        with pytest.raises(StopIteration):
            rate.admit(request, 0.0).send(None)

    assert len(window._sent) == 3
    assert KEY not in repr(requests) + repr(window._sent)


def test_keys_that_sent_nothing_lately_are_forgotten():
    clock = SetClock()
    window = MemoryWindow(clock.seconds)
    for number in range(3000):
        clock.forward(seconds=0.1)
        with pytest.raises(StopIteration):
            window.take(f"bucket {number}", 300, 60.0, 0).send(None)

    assert len(window._sent) < 2000


def test_a_call_that_goes_away_leaves_the_line():
    clock = SetClock()
    rate = Rate(MemoryWindow(clock.seconds), b"k" * 32, Pace(now=clock.seconds, sleep=sleep))
    until = clock.seconds() + 500
    first, gone, third = (rate.admit(asking(Quota("FlowMaticX", 1)), until) for _ in range(3))
    with pytest.raises(StopIteration):
        first.send(None)

    assert (gone.send(None), third.send(None)) == (61.0, 122.0)
    gone.close()
    clock.forward(seconds=61)
    with pytest.raises(StopIteration):
        third.send(None)
