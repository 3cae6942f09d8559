"""Who may have how many deliveries under way: endpoints take turns, and one that fails holds up no other."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.sandbox.delivery.queue import Taken, Waiting
from flintt_mcp.sandbox.delivery.shares import Shares


def waiting(*names: str, failing: bool = False) -> list[Waiting]:
    return [Waiting(name, f"https://{name}.example/", failing) for name in names]


def under_way(name: str, count: int, *, failing: bool = False) -> list[Taken]:
    one = Taken("id", name, "flintt", "event", b"", "https://a.example/", "salt", "salt", None, failing)
    return [one] * count


def test_one_endpoint_gets_its_share_and_no_more():
    assert Shares(at_once=64, per_endpoint=16).out(waiting("a"), []) == {"a": 16}
    assert Shares(at_once=64, per_endpoint=16).out(waiting("a"), under_way("a", 10)) == {"a": 6}
    assert Shares(at_once=64, per_endpoint=16).out(waiting("a"), under_way("a", 16)) == {}


def test_who_has_the_fewest_under_way_comes_first():
    shares = Shares(at_once=12, per_endpoint=8).out(waiting("a", "b", "c"), under_way("a", 5) + under_way("b", 1))

    assert shares == {"b": 3, "c": 3}


def test_of_equals_the_one_whose_turn_was_longest_ago_comes_first():
    shares = Shares(at_once=2, per_endpoint=1)

    assert [shares.out(waiting("a", "b", "c"), []) for _ in range(3)] == [
        {"a": 1, "b": 1},
        {"c": 1, "a": 1},
        {"b": 1, "a": 1},
    ]


def test_who_comes_and_goes_does_not_pass_who_waits():
    shares = Shares(at_once=1, per_endpoint=1)
    turns = [waiting("light", "heavy"), waiting("heavy"), waiting("light", "heavy"), waiting("light", "heavy")]

    assert [shares.out(turn, []) for turn in turns] == [{"light": 1}, {"heavy": 1}, {"light": 1}, {"heavy": 1}]


def test_an_endpoint_that_fails_is_tried_with_one_delivery_at_a_time():
    shares = Shares(at_once=64, per_endpoint=16)

    assert shares.out(waiting("a", failing=True), []) == {"a": 1}
    assert shares.out(waiting("a", failing=True), under_way("a", 1, failing=True)) == {}
    assert shares.out(waiting("a", failing=True), under_way("a", 1)) == {}


def test_all_that_fail_together_leave_half_of_the_places_to_the_others():
    dead = [f"dead {number}" for number in range(100)]
    shares = Shares(at_once=8, per_endpoint=3)

    assert shares.out(waiting(*dead, failing=True), []) == dict.fromkeys(dead[:4], 1)
    busy = [one for name in dead[:4] for one in under_way(name, 1, failing=True)]
    assert shares.out(waiting(*dead[4:], failing=True) + waiting("well"), busy) == {"well": 3}


@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=12),
    st.integers(2, 20),
    st.integers(1, 8),
)
def test_no_limit_is_ever_passed(endpoints, at_once, per_endpoint):
    all_waiting = [Waiting(str(number), "", failing) for number, (_, failing) in enumerate(endpoints)]
    busy = [one for number, (count, failing) in enumerate(endpoints) for one in under_way(str(number), count)][:at_once]
    shares = Shares(at_once, per_endpoint).out(all_waiting, busy)

    assert sum(shares.values()) + len(busy) <= at_once
    for endpoint in all_waiting:
        begun = sum(one.endpoint_id == endpoint.id for one in busy)
        share = shares.get(endpoint.id, 0)
        assert share == 0 or begun + share <= (1 if endpoint.failing else per_endpoint)
    assert sum(shares.get(one.id, 0) for one in all_waiting if one.failing) <= at_once // 2


@given(st.integers(1, 60), st.integers(1, 10), st.integers(1, 4), st.lists(st.sets(st.integers(0, 59)), max_size=40))
def test_whoever_waits_has_a_turn_before_the_others_had_two(endpoints, at_once, per_endpoint, gone):
    """Also when any others come and go before."""
    shares = Shares(at_once, per_endpoint)
    others = [str(number) for number in range(endpoints)]
    for away in gone:
        shares.out(waiting(*(name for name in others if int(name) not in away)), [])
    turns = math.ceil((endpoints + 1) / at_once)

    assert any("patient" in shares.out(waiting(*others, "patient"), []) for _ in range(turns))
