"""Names from outside: shown safely, and known again however they are written."""

from __future__ import annotations

from typing import Any

import pytest

from flintt_mcp.calls.arguments.names import close_names, shown_name

TOOLS = ["list_companies", "list_signals", "get_signal", "list_docs", "get_doc", "flowpilot_list_runs"]


def test_a_name_from_outside_is_shown_short_and_in_visible_ascii() -> None:
    assert shown_name("na\nme\u202e") == "na?me?"
    assert shown_name("n" * 41) == "n" * 40 + "..."
    assert shown_name("n" * 40) == "n" * 40


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("LIST_DOCS", "list_docs"),
        ("List_Docs", "list_docs"),
        ("listDocs", "list_docs"),
        ("list-docs", "list_docs"),
        ("list docs", "list_docs"),
        ("list_doc", "list_docs"),
        ("GET_SIGNALS", "get_signal"),
        ("mcp__flintt__list_docs", "list_docs"),
        ("flintt.get_doc", "get_doc"),
        ("MCP__FLINTT__FLOWPILOT_LIST_RUNS", "flowpilot_list_runs"),
    ],
)
def test_the_name_that_is_meant_is_found_in_any_case_and_behind_a_prefix(name: str, first: str) -> None:
    assert close_names(name, TOOLS, 3)[0] == first


@pytest.mark.parametrize("name", ["", "zzz", "\ud800", "12345", "\n"])
def test_a_name_like_no_other_is_close_to_none(name: str) -> None:
    assert close_names(name, TOOLS, 3) == []


def test_no_more_than_asked_for_and_none_twice() -> None:
    assert close_names("list_docs", TOOLS, 1) == ["list_docs"]
    assert close_names("x_get_doc", ["doc", "get_doc", "t_doc"], 3) == ["doc", "get_doc", "t_doc"]


def test_of_a_name_of_megabytes_only_the_beginning_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(word: str, *_: Any, **__: Any) -> list[str]:
        compared.append(word)
        return []

    monkeypatch.setattr("difflib.get_close_matches", compare)
    assert close_names("X" * 4_000_000, TOOLS, 3) == []
    assert compared == ["x" * 64]
