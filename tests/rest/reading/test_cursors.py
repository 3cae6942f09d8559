"""Cursors open only where they were sealed, and only as they were sealed."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flintt_mcp.errors import ToolInputError
from flintt_mcp.rest.reading.cursors import Cursors

CURSORS = Cursors(b"k" * 32)
SCOPE = 'list_companies\n{"name":"acme"}\n0123abcd'

positions = st.integers(0, 10**9) | st.tuples(st.none() | st.text(max_size=50), st.integers(0, 10**6)).map(list)
scopes = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


def refusal(scope: str, cursor: str, cursors: Cursors = CURSORS) -> str:
    with pytest.raises(ToolInputError) as caught:
        cursors.open(scope, cursor)
    assert cursor not in caught.value.message + caught.value.advice or len(cursor) < 3
    return caught.value.message


@given(scope=scopes, position=positions)
def test_a_cursor_gives_back_the_position_that_was_sealed(scope: str, position: object) -> None:
    cursor = CURSORS.seal(scope, position)
    assert CURSORS.open(scope, cursor) == position
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(scope=scopes, other=scopes, position=positions)
def test_a_cursor_does_not_open_in_another_scope(scope: str, other: str, position: object) -> None:
    assume(scope != other)
    assert refusal(other, CURSORS.seal(scope, position)).startswith("cursor: does not belong to this tool")


@given(position=positions, place=st.integers(0, 10**6), change=st.characters(codec="utf-8"))
def test_no_character_of_a_cursor_can_be_changed(position: object, place: int, change: str) -> None:
    cursor = CURSORS.seal(SCOPE, position)
    at = place % len(cursor)
    changed = cursor[:at] + change + cursor[at + 1 :]
    assume(changed != cursor)
    assert refusal(SCOPE, changed)


@pytest.mark.parametrize("position", [0, 10, 100])
def test_a_cursor_has_one_spelling(position: int) -> None:
    cursor = CURSORS.seal(SCOPE, position)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="
    for other in [*(cursor[:-1] + letter for letter in letters), cursor + "=", cursor + "\n", " " + cursor]:
        assert other == cursor or refusal(SCOPE, other)


@given(position=positions, length=st.integers(0, 100), more=st.text(min_size=1, max_size=5))
def test_a_cursor_can_be_neither_cut_nor_prolonged(position: object, length: int, more: str) -> None:
    cursor = CURSORS.seal(SCOPE, position)
    assert refusal(SCOPE, cursor[: min(length, len(cursor) - 1)])
    assert refusal(SCOPE, cursor + more)


@given(cursor=st.text() | st.text(st.characters(categories=["Cs"]), min_size=1))
def test_a_made_up_cursor_never_opens_and_never_crashes(cursor: str) -> None:
    assert refusal(SCOPE, cursor)


def test_a_cursor_of_another_server_does_not_open() -> None:
    assert refusal(SCOPE, Cursors(b"x" * 32).seal(SCOPE, 1))


def test_a_cursor_of_the_same_key_opens_on_every_worker() -> None:
    assert Cursors(b"k" * 32).open(SCOPE, CURSORS.seal(SCOPE, 7)) == 7


def test_a_cursor_that_is_far_too_long_is_refused() -> None:
    assert refusal(SCOPE, "A" * 1_000_000)


def test_the_advice_says_how_to_go_on() -> None:
    with pytest.raises(ToolInputError) as caught:
        CURSORS.open(SCOPE, "AAAA")
    assert caught.value.advice == "repeat the filters of the page that gave it, or start again without a cursor"
    assert caught.value.changed == "no"
