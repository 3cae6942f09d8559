"""The text twin: rows stay rows, what cannot be seen is gone, what people write is kept."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flintt_mcp.text import clean, clean_deep, excerpt, record, table

ORDINARY = [
    "Acme Corp",
    "Müller & Söhne – größte Auswahl",
    "Société Générale, Île-de-France",
    "شركة الاتصالات السعودية",
    "می‌خواهم",  # Persian with a zero-width non-joiner
    "हिन्दी में क्‍या",  # Hindi with a zero-width joiner
    "日本電信電話株式会社",
    "Ελληνικά, Русский, עברית",
    "👩‍💻 hires 👨‍👩‍👧‍👦",  # emoji joined by zero-width joiners
    "🏳️‍🌈 ❤️",  # emoji with a variation selector
    "line one\nline two\tcolumn",
    "",
]

surrogates = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
any_text = st.text(
    st.characters() | surrogates | st.sampled_from("\u200b\u200c\u200d\u202e\ufeff\U000e0041\U000e0100\xad\x00\x1b|\n")
)
cells = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text.map(clean)
)
values = st.recursive(
    cells,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3).map(clean), inner, max_size=2),
)


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_is_kept(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Ac\u200bme", "Acme"),
        ("Ac\u200dme", "Acme"),
        ("pay\u202etxt.exe", "paytxt.exe"),
        ("\u2066x\u2069", "x"),
        ("a\ufeffb\xadc\u2060d", "abcd"),
        ("hi\U000e0049\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065", "hi"),
        ("a\U000e0100b", "ab"),
        ("a\x00b\x1b[31mc\x7f\x9b", "ab[31mc"),
        ("a\r\nb", "a\nb"),
        ("a\ud800b", "ab"),
        ("a\x85b", "ab"),
    ],
)
def test_what_does_not_show_is_taken_out(text: str, seen: str) -> None:
    assert clean(text) == seen


@given(any_text)
@example("\x80\u200c\x80")
@example("é\u200c\u200cb")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(any_text)
def test_what_is_clean_can_be_sent_and_shows_in_full(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"] == []


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_letters_digits_signs_and_spaces_are_all_kept(text: str) -> None:
    assert clean(text) == text


@given(values)
def test_every_text_and_key_of_a_json_value_is_cleaned(value: Any) -> None:
    def dirty(item: Any) -> Any:
        if isinstance(item, str):
            return item + "\u202e"
        if isinstance(item, dict):
            return {key + "\u202e": dirty(part) for key, part in item.items()}
        return [dirty(part) for part in item] if isinstance(item, list) else item

    assert clean_deep(dirty(value)) == clean_deep(value)
    assert "\u202e" not in json.dumps(clean_deep(dirty(value)), ensure_ascii=False)


@given(text=any_text, most=st.integers(1, 50))
@example(text="é\u200cé", most=2)
@example(text="é\u200c\u3000é", most=9)
def test_an_excerpt_is_one_bounded_clean_line(text: str, most: int) -> None:
    line = excerpt(text, most)
    assert len(line) <= most + 3
    assert line.splitlines() in ([], [line])
    assert line == clean(line)


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("  not\nfound ", 20) == "not found"
    assert excerpt("x" * 10, 4) == "xxxx..."


def test_a_table_is_one_line_of_names_and_one_for_each_row() -> None:
    shown = table({"id": ["c1", "c2"], "zeta": [1, None], "on": [False, []]}, {})
    assert shown == "id | zeta | on\nc1 | 1 | false\nc2 |  | "


def test_what_all_rows_have_in_common_stands_above_them() -> None:
    assert table({"id": [1, 2]}, {"stage": "won", "deep": {"a": [1]}}) == (
        'same in all rows: stage=won, deep={"a":[1]}\nid\n1\n2'
    )


def test_no_columns_are_no_lines() -> None:
    assert table({}, {}) == ""
    assert table({}, {"id": 1}) == "same in all rows: id=1"


def test_a_cell_is_one_line_and_its_bars_are_marked() -> None:
    assert table({"name": ["a | b\tc\nd", "\u2028x"]}, {}) == "name\na \\| b c d\nx"


def test_nested_values_are_compact_json() -> None:
    assert table({"id": [{"a": [1, "x"]}]}, {}) == 'id\n{"a":[1,"x"]}'


def cells_of(line: str) -> list[str]:
    """The cells of a line: bars that do not belong to a cell divide it."""
    return line.replace("\\|", "").split(" | ")


@given(rows=st.lists(st.fixed_dictionaries({"id": values, "name": values}), max_size=6), same=values)
def test_no_value_breaks_out_of_its_line_or_its_cell(rows: list[dict[str, Any]], same: Any) -> None:
    shown = table({name: [row[name] for row in rows] for name in ("id", "name")}, {"same": same})
    above, *lines = shown.splitlines()
    assert above.startswith("same in all rows: same=")
    assert len(lines) == len(rows) + 1
    assert {len(cells_of(line)) for line in lines} == {2}


@given(names=st.lists(any_text.map(clean), min_size=1, max_size=3, unique=True))
def test_no_name_of_a_column_breaks_a_line_either(names: list[str]) -> None:
    assert len(table({name: [1] for name in names}, {}).split("\n")) == 2


def test_a_record_is_one_line_for_each_field_that_is_set() -> None:
    shown = record({"extra": [1], "name": "Acme", "id": "c1", "empty": None, "none": ""}, ["id", "name"])
    assert shown == "id: c1\nname: Acme\nextra: [1]"


def test_further_lines_of_a_value_are_set_in() -> None:
    assert record({"text": "one\ntwo: 2\nthree"}, []) == "text: one\n  two: 2\n  three"
    assert record({"text": "one\u2028two: 2\u2029three"}, []) == "text: one\n  two: 2\n  three"


def test_a_name_from_the_api_cannot_begin_a_line() -> None:
    assert record({"a\nid": 1}, []) == "a id: 1"


@given(fields=st.dictionaries(any_text, values, max_size=5).map(clean_deep))
def test_no_value_of_a_record_looks_like_another_field(fields: dict[str, Any]) -> None:
    own = [line for line in record(fields, ["id"]).splitlines() if not line.startswith("  ")]
    assert len(own) <= len(fields)
