"""Results of ended runs are kept for their reader alone, for an hour, within the server's room."""

from __future__ import annotations

from flintt_mcp.offers.insight.kept_runs import SECONDS, KeptRuns
from tests.clock import SetClock


def test_what_one_caller_read_no_other_one_gets() -> None:
    kept = KeptRuns(10_000, SetClock().seconds)
    kept.put("a", "run", b"of a")
    assert (kept.get("a", "run"), kept.get("b", "run"), kept.get("", "run")) == (b"of a", None, None)
    kept.put("b", "run", b"of b")
    assert (kept.get("a", "run"), kept.get("b", "run")) == (b"of a", b"of b")


def test_of_a_caller_without_a_digest_nothing_is_kept() -> None:
    kept = KeptRuns(10_000, SetClock().seconds)
    kept.put("", "run", b"of nobody")
    assert (kept.get("", "run"), kept.size) == (None, 0)


def test_after_an_hour_it_is_gone_also_when_it_was_used_meanwhile() -> None:
    clock = SetClock()
    kept = KeptRuns(10_000, clock.seconds)
    kept.put("a", "old", b"x")
    clock.forward(seconds=SECONDS - 1)
    assert kept.get("a", "old") == b"x"
    kept.put("a", "new", b"y")
    clock.forward(seconds=1)
    assert (kept.get("a", "old"), kept.get("a", "new")) == (None, b"y")
    clock.forward(seconds=SECONDS)
    assert kept.get("a", "other") is None
    assert kept.size == 0


def test_what_was_used_least_recently_makes_room() -> None:
    kept = KeptRuns(3_000, SetClock().seconds)
    for name in ("one", "two", "three"):
        kept.put("a", name, bytes(600))
    assert kept.get("a", "one") is not None
    kept.put("a", "four", bytes(600))
    assert [name for name in ("one", "two", "three", "four") if kept.get("a", name)] == ["one", "three", "four"]
    assert kept.size <= 3_000


def test_the_same_run_again_takes_its_room_once_and_one_too_large_none() -> None:
    kept = KeptRuns(2_000, SetClock().seconds)
    kept.put("a", "run", bytes(500))
    once = kept.size
    kept.put("a", "run", bytes(500))
    kept.put("a", "large", bytes(2_000))
    assert (kept.size, kept.get("a", "large")) == (once, None)
    assert kept.get("a", "run") == bytes(500)
