"""Tables: the same rows and columns in both forms, told in as few words as they take, and alike on every page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.calls.reply import objects_of
from flintt_mcp.catalogue.result import Listing, Whole, fields
from flintt_mcp.errors import ToolInputError
from flintt_mcp.rest.reading.tables import Columns, Table, exact, is_empty, tabled, wanted_columns

OPEN = Columns(("id", "name"))
LEAN = Listing(
    rows="companies", fields=fields("id", "name", "size", "logo"), shown=("id", "name", "size"), paging=Whole()
)
ALL = Listing(rows="resources", fields=fields("id"), paging=Whole())
ROW = {"id": "c1", "name": "Acme", "size": None, "logo": "https://a.example/x.png", "new": 1}
numbers = st.integers() | st.floats(
    allow_nan=False, allow_infinity=False
)  # what JSON has: no answer of an API holds others
cells = st.none() | st.booleans() | numbers | st.sampled_from(["", "x", "y", [], {}])
rows = st.lists(st.dictionaries(st.sampled_from(["id", "name", "size", "new", "newer"]), cells), max_size=6)


def told(table: Table) -> dict[str, Any]:
    return table.structured


def full(row: dict[str, Any]) -> list[tuple[str, str]]:
    """What a row holds; 1, 1.0 and true are three values."""
    return sorted((name, repr(exact(value))) for name, value in row.items() if not is_empty(value))


@given(rows=rows, kept=st.integers(0, 7))
def test_every_value_that_is_not_empty_is_told_exactly_and_nothing_else(rows: list[dict[str, Any]], kept: int) -> None:
    objects = objects_of(told(tabled(rows, Columns(("id", "name", "size"), kept=kept))))
    assert [full(row) for row in objects] == [full(row) for row in rows]


@given(first=rows, second=rows, third=rows)
def test_the_columns_of_a_page_stand_in_the_rows_of_every_later_one(
    first: list[dict[str, Any]], second: list[dict[str, Any]], third: list[dict[str, Any]]
) -> None:
    names = ("id", "name", "size", "new", "newer")
    pages = [[{name: row.get(name) for name in names} for row in page] for page in (first, second, third)]
    kept, before = 0, set[str]()
    for page in filter(None, pages):
        table = tabled(page, Columns(names, kept=kept))
        assert before <= set(told(table)["columns"])
        kept, before = table.kept, set(told(table)["columns"])


def test_documented_columns_come_first_and_unknown_ones_after_them() -> None:
    assert told(tabled([{"zeta": 1, "name": "Acme", "id": "c1"}, {"id": "c2", "name": "Globex"}], OPEN)) == {
        "columns": ["id", "name", "zeta"],
        "rows": [["c1", "Acme", 1], ["c2", "Globex", None]],
    }


def test_a_column_without_a_value_is_left_out() -> None:
    found: list[dict[str, Any]] = [{"id": "c1", "a": None, "b": "", "c": [], "d": {}}, {"id": "c2", "e": 0, "f": False}]
    assert told(tabled(found, OPEN)) == {"columns": ["id", "e", "f"], "rows": [["c1", None, None], ["c2", 0, False]]}


def test_what_three_rows_share_is_told_once_and_two_are_too_few() -> None:
    found = [{"id": number, "stage": "won"} for number in range(3)]
    assert told(tabled(found, OPEN)) == {"columns": ["id"], "rows": [[0], [1], [2]], "same_in_all": {"stage": "won"}}
    assert told(tabled(found[:2], OPEN)) == {"columns": ["id", "stage"], "rows": [[0, "won"], [1, "won"]]}


def test_on_a_later_page_what_was_told_once_is_so_again_also_of_one_row() -> None:
    columns = Columns(("id", "stage"), kept=0b01)
    assert told(tabled([{"id": 4, "stage": "won"}], columns)) == {
        "columns": ["id"],
        "rows": [[4]],
        "same_in_all": {"stage": "won"},
    }


@pytest.mark.parametrize("values", [(1, True, 1), (1, 1.0, 1), ("1", 1, 1), ({"a": 1}, {"a": True}, {"a": 1})])
def test_values_of_different_kinds_are_not_the_same(values: tuple[Any, ...]) -> None:
    assert told(tabled([{"id": value} for value in values], OPEN))["columns"] == ["id"]


def test_an_integer_that_a_float_cannot_hold_is_told_as_a_text_however_deep_it_lies() -> None:
    most = 2**53
    found = [{"id": most - 1, "name": most, "deep": {"a": [-most, 1.5, True]}}]
    assert told(tabled(found, OPEN)) == {
        "columns": ["id", "name", "deep"],
        "rows": [[most - 1, "9007199254740992", {"a": ["-9007199254740992", 1.5, True]}]],
    }


def test_rows_that_are_all_the_same_are_told_once_and_counted() -> None:
    assert told(tabled([{"id": 1}] * 3, OPEN)) == {"columns": [], "rows": [[], [], []], "same_in_all": {"id": 1}}


def test_rows_of_nothing_are_counted() -> None:
    assert told(tabled([{"id": None}] * 2, OPEN)) == {"columns": [], "rows": [[], []]}
    assert told(tabled([], OPEN)) == {"columns": [], "rows": []}


def test_unasked_a_list_shows_what_people_look_at_and_names_the_rest() -> None:
    table = tabled([ROW], wanted_columns(LEAN, None, [ROW], ()))
    assert (told(table), table.not_shown) == ({"columns": ["id", "name"], "rows": [["c1", "Acme"]]}, ["logo", "new"])


@pytest.mark.parametrize(
    ("listing", "asked", "columns"),
    [
        (LEAN, "all", ["id", "name", "logo", "new"]),
        (LEAN, " name , new,name", ["name", "new"]),
        (LEAN, "logo", ["logo"]),
        (ALL, None, ["id", "name", "logo", "new"]),
        (ALL, "new", ["new"]),
    ],
)
def test_a_call_chooses_columns_by_name_or_all(listing: Listing, asked: str | None, columns: list[str]) -> None:
    table = tabled([ROW], wanted_columns(listing, asked, [ROW], ()))
    assert (told(table)["columns"], list(table.not_shown)) == (columns, [])


def test_a_name_that_no_field_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(ToolInputError) as refused:
        wanted_columns(LEAN, "id,nmae", [], ())
    assert (str(refused.value), refused.value.advice) == (
        "fields: names a field that companies do not have",
        "give all, or some of id, name, size, logo",
    )
