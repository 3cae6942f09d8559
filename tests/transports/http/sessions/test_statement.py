"""Ids of sessions: whole for whoever opened them, nothing for anybody else, and small whatever a client claims."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.transports.http.sessions.statement import Seal, Session

KEY, NOW = b"k" * 32, 1_700_000_000.0
ID = re.compile(rb"[A-Za-z0-9_-]{40,150}")


def _seal(now: float = NOW, key: bytes = KEY) -> Seal:
    return Seal(key, 60.0, lambda: now)


def _opened(capabilities: Any, client: str = "c") -> Session:
    found = _seal().open(_seal().id("2025-11-25", client, capabilities, "p"), "p")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ({}, {}),
        ({"elicitation": {}}, {"elicitation": {}}),
        ({"elicitation": {"form": {}}}, {"elicitation": {"form": {}}}),
        ({"elicitation": {"url": {}, "form": {}}}, {"elicitation": {"form": {}, "url": {}}}),
        ({"sampling": {"tools": {}}, "roots": {"listChanged": True}}, {"sampling": {}, "roots": {}}),
        ({"experimental": {f"x{number}": {"y" * 100: 1} for number in range(1000)}}, {}),
        ({"elicitation": None, "sampling": 5, "roots": []}, {}),
        (None, {}),
    ],
)
def test_of_the_capabilities_those_are_kept_that_are_read(declared: Any, kept: Any) -> None:
    assert _opened(declared).capabilities == kept


@given(st.text(st.characters(codec=None), max_size=200))
def test_whatever_a_client_calls_itself_its_id_is_short_and_of_plain_characters(client: str) -> None:
    id = _seal().id("2025-11-25", client, {"elicitation": {}}, "p")
    assert ID.fullmatch(id)
    found = _opened({}, client)
    assert (found.revision, found.ends) == ("2025-11-25", NOW + 60)
    assert client.encode("utf-8", "replace").decode().startswith(found.client)


def test_a_short_name_is_kept_whole() -> None:
    assert _opened({}, "Ünïversal client 🫐").client == "Ünïversal client 🫐"


def test_an_id_is_none_for_another_caller_another_server_and_after_its_time() -> None:
    id = _seal().id("2025-11-25", "c", {}, "p")
    assert _seal().open(id, "p") is not None
    assert _seal(NOW + 59).open(id, "p") is not None
    assert [_seal().open(id, "q"), _seal(key=b"l" * 32).open(id, "p"), _seal(NOW + 60).open(id, "p")] == [None] * 3


@pytest.mark.parametrize("number", range(20))
def test_no_other_writing_of_an_id_is_taken(number: int) -> None:
    """One byte less, more or other, anywhere: an id that was changed, cut or put together is none."""
    id = _seal().id("2025-11-25", "client", {"roots": {}}, "p")
    alphabet = b"AZaz09-_+/=. \n"
    changed = {id[:place] + bytes([byte]) + id[place + 1 :] for place in range(len(id)) for byte in alphabet} - {id}
    cut = {id[:place] for place in range(len(id))} | {id[place:] for place in range(1, len(id))}
    longer = {id + more for more in (b"A", b"AAAA", b"=", b" ", id)} | {b"A" + id, b" " + id}
    assert [other for other in changed | cut | longer if _seal().open(other, "p") is not None] == []


@given(st.binary(max_size=300))
def test_bytes_of_chance_are_none(id: bytes) -> None:
    assert _seal().open(id, "p") is None


def test_no_two_ids_are_one() -> None:
    seal = _seal()
    assert len({seal.id("2025-11-25", "c", {}, "p") for _ in range(1000)}) == 1000
    assert len({_opened({}).name for _ in range(1000)}) == 1000
