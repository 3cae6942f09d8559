"""What is understood of a table that somebody made: delimiters, names, encodings, amounts and addresses, and what is hostile."""

from __future__ import annotations

import codecs
import csv
import io
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.imports import cells
from flintt_mcp.offers.imports.cells import Wrong
from flintt_mcp.offers.imports.columns import FIELDS, columns_of
from flintt_mcp.offers.imports.delimited import read_csv
from flintt_mcp.offers.imports.rows import Checks, Row, rows_of, table_of

PLAIN = "company,email\nMüller & Söhne,a@b.de\n"


def read(text: str) -> list[list[str]]:
    return [list(record) for record in read_csv(text).records]


def rows(table: Any) -> list[Row]:
    return rows_of(table, columns_of(table.names), Checks(lambda given: given, lambda given: given))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_cells_are_parted_by_any_of_four_signs_and_lines_end_as_on_any_system(delimiter: str, end: str) -> None:
    lines = [("company", "website"), ("Acme, Inc; A|B\tC", "acme.com"), ("Two\nLines", "x.com")]
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(lines)
    assert read(written.getvalue()) == [list(line) for line in lines[1:]]


def test_the_line_of_a_spreadsheet_that_names_its_delimiter_is_understood() -> None:
    assert read("sep=;\r\ncompany;note,note\r\nA,B;c\r\n") == [["A,B", "c"]]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param("\ufeff" + PLAIN, "", id="byte order mark"),
        pytest.param(PLAIN.encode().decode("cp1252"), "mended", id="utf-8 read as windows-1252"),
        pytest.param((codecs.BOM_UTF8 + PLAIN.encode()).decode("cp1252"), "mended", id="the same with its mark"),
        pytest.param("\r\n\n" + PLAIN, "", id="blank lines before"),
        pytest.param(PLAIN.replace("M", "M\0"), "NUL", id="a NUL"),
    ],
)
def test_what_was_decoded_wrongly_is_mended_and_told(text: str, note: str) -> None:
    table = read_csv(text)
    assert table.records == [["Müller & Söhne", "a@b.de"]]
    assert note in "; ".join(table.notes)


def test_utf_16_that_was_read_byte_by_byte_is_understood() -> None:
    assert read("company,email\nAcme,a@b.de\n".encode("utf-16-le").decode("latin-1")) == [["Acme", "a@b.de"]]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('company\n"never closed\nx\ny\n', id="a quote that is not closed"),
        pytest.param("company\n" + "x" * 999_000, id="a cell of a megabyte"),
        pytest.param('company\n"' + "x" * 999_000, id="both"),
        pytest.param("company\n" + "x\n" * 501, id="501 rows"),
        pytest.param("company\n", id="no rows"),
        pytest.param("Acme,acme.com\nB,b.com\n", id="no names of columns"),
        pytest.param("", id="nothing"),
        pytest.param("\0" * 1000, id="NULs alone"),
        pytest.param('"' * 99_999, id="quotes alone"),
        pytest.param("," * 500_000, id="half a million cells"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(ToolInputError) as refused:
        read_csv(text)
    assert refused.value.message.startswith("csv: ")
    assert "xxx" not in refused.value.message


def test_quotes_inside_of_a_cell_that_nobody_doubled_are_taken_as_they_stand() -> None:
    table = read_csv('company,website\n"The "Best" Co",b.com\nC,c.com\n')
    assert (len(table.records), table.notes[0]) == (2, "quotes inside of cells taken as they stand")


@given(st.text(max_size=300))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    for whole in (text, "company,website\n" + text):
        with suppress(ToolInputError):
            rows(read_csv(whole))


def test_every_name_of_a_column_means_one_field_however_it_is_written() -> None:
    names = [(name, field) for field in FIELDS for name in field.called]
    for name, field in names:
        for spelt in (name, name.upper(), f" {name.replace(' ', '_')} ", name.replace(" ", "-")):
            assert columns_of([spelt])[0].field == field, spelt
    plain = ["".join(char for char in name.casefold() if char.isalnum()) for name, _ in names]
    assert len({(one, field) for one, (_, field) in zip(plain, names, strict=True)}) == len(set(plain))


def test_a_linkedin_address_says_by_itself_whose_it_is_and_two_names_are_joined() -> None:
    table = read_csv(
        "company,LinkedIn,First Name,Last Name\nA,linkedin.com/in/eva,Eva,Maier\nB,linkedin.com/company/b,,Roth\n"
    )
    assert [(dict(row.company), dict(row.deal or {})) for row in rows(table)] == [
        ({"name": "A"}, {"name": "Eva Maier", "linkedin_url": "https://linkedin.com/in/eva"}),
        ({"name": "B", "linkedin_url": "https://linkedin.com/company/b"}, {"name": "Roth"}),
    ]


def test_a_row_with_more_cells_than_names_says_so_and_one_with_fewer_is_fine() -> None:
    found = rows(read_csv("company,website\nAcme, Inc,acme.com\nB\n"))
    assert [(dict(row.company), row.why) for row in found] == [
        ({}, "has 3 cells under 2 names: is a cell not quoted?"),
        ({"name": "B"}, ""),
    ]


def test_objects_are_read_as_tables_are_and_nested_values_refused() -> None:
    found = rows(table_of([{"name": "A", "value": 12.5, "website": None}, {"name": "B", "size": 51}]))
    assert [(dict(row.company), row.deal, row.why) for row in found] == [
        ({"name": "A"}, {"estimated_value": 12.5}, ""),
        ({"name": "B", "size": "51"}, {}, ""),
    ]
    with pytest.raises(ToolInputError, match="rows: a value is a list or an object"):
        table_of([{"name": "B", "size": {"from": 1}}])


@pytest.mark.parametrize(
    ("cell", "comma", "value"),
    [
        ("12500", False, 12500),
        ("12,500.50", False, 12500.5),
        ("12.500,50", True, 12500.5),
        ("€ 1 234,5", True, 1234.5),
        ("1'234'567", False, 1234567),
        ("12.500", True, 12500),
        ("USD 99.90", False, 99.9),
        ("$0", False, 0),
    ],
)
def test_amounts_are_read_as_people_write_them(cell: str, comma: bool, value: float) -> None:
    assert cells.amount(cell, comma) == value


@pytest.mark.parametrize(
    "cell", ["-5", "1,2,3", "12,50.1", "a lot", "1e9", "12..5", "", "9" * 16, "(5)", "5%", "1.2.3"]
)
def test_what_is_no_amount_is_wrong(cell: str) -> None:
    with pytest.raises(Wrong):
        cells.amount(cell, False)


@pytest.mark.parametrize(
    ("written", "guess", "comma"),
    [
        (["1.000", "2,50"], False, True),
        (["1,000", "2.50"], True, False),
        (["1.000.000"], False, True),
        (["1.000"], True, True),
    ],
)
def test_a_column_shows_how_its_amounts_are_written(written: list[str], guess: bool, comma: bool) -> None:
    assert cells.decimal_comma(written, guess) is comma


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("acme.com", "https://acme.com"),
        ("//acme.com/x", "https://acme.com/x"),
        ("http://acme.com", "http://acme.com"),
        ("münchen.de/über", "https://münchen.de/über"),
        ("acme.com:8443", "https://acme.com:8443"),
    ],
)
def test_a_bare_host_becomes_an_address_with_https(cell: str, value: str) -> None:
    assert cells.url(cell) == value


@pytest.mark.parametrize(
    "cell",
    [
        "javascript:alert(1)",
        "ftp://a.com",
        "acme",
        "https://u:p@acme.com",
        "http://[::1",
        "a b.com",
        "data:x",
        "mailto:a@b.com",
    ],
)
def test_what_is_no_address_to_share_is_wrong(cell: str) -> None:
    with pytest.raises(Wrong):
        cells.url(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("https://www.acme.com/x", "acme.com"), ("eva@acme.com", "acme.com"), ("acme.co.uk", "acme.co.uk")],
)
def test_a_domain_is_taken_out_of_an_address(cell: str, value: str) -> None:
    assert cells.domain(cell) == value


@pytest.mark.parametrize(("cell", "value"), [('="007"', "007"), (" a\u200b  b ", "a b"), ("N/A", ""), ("-", "")])
def test_a_text_is_taken_without_what_its_program_put_around_it(cell: str, value: str) -> None:
    assert cells.text(cell) == value
