"""Wrong secrets are few: from one address, and from all together."""

from __future__ import annotations

import pytest

from flintt_mcp.transports.http.wrong_tries import FROM_ALL, FROM_ONE, SECONDS, WrongTries
from tests.clock import SetClock


def test_one_address_that_guesses_keeps_nobody_else_out() -> None:
    tries = WrongTries(SetClock().seconds)
    for _ in range(FROM_ONE):
        assert not tries.must_wait("192.0.2.1")
        tries.note("192.0.2.1")
    assert [tries.must_wait(address) for address in ("192.0.2.1", "192.0.2.2", "")] == [True, False, False]


def test_after_a_minute_it_may_try_again() -> None:
    clock = SetClock()
    tries = WrongTries(clock.seconds)
    for _ in range(FROM_ONE):
        tries.note("192.0.2.1")
    clock.forward(seconds=SECONDS - 1)
    assert tries.must_wait("192.0.2.1")
    clock.forward(seconds=1)
    assert not tries.must_wait("192.0.2.1")


def test_many_addresses_together_have_to_wait_as_well() -> None:
    tries = WrongTries(SetClock().seconds)
    for number in range(FROM_ALL):
        assert not tries.must_wait("198.51.100.1")
        tries.note(f"192.0.2.{number}")
    assert tries.must_wait("198.51.100.1")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("testclient", "testclient", True),
    ],
)
def test_all_addresses_of_one_line_are_one(first: str, second: str, same: bool) -> None:
    tries = WrongTries(SetClock().seconds)
    for _ in range(FROM_ONE):
        tries.note(first)
    assert tries.must_wait(second) is same


def test_a_try_that_was_right_counts_no_more() -> None:
    tries = WrongTries(SetClock().seconds)
    for _ in range(FROM_ONE):
        tries.note("192.0.2.1")
    tries.take_back("192.0.2.2")
    assert tries.must_wait("192.0.2.1")
    tries.take_back("192.0.2.1")
    assert not tries.must_wait("192.0.2.1")
