"""A table that came as the text of a CSV file: its column names and records, whatever program wrote it. Pure.

In: text as a JSON string, so that its bytes were decoded before, rightly or not. Out: a `Table`, with a note of everything that was
done to read it. Commas, semicolons, tabs and bars part cells; line ends may be of any system.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import msgspec

from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.imports.columns import columns_of

MOST_ROWS = 500
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEP_LINE = re.compile(r'\A"?sep=(.)"?\r?\n', re.IGNORECASE)
_LATIN = re.compile("[ÃÂâÐÑãåæçèäï][\x80-\xbf\u0100-\u2122]")
"""What UTF-8 looks like that was read as one byte a letter."""


class Table(msgspec.Struct, frozen=True):
    """Names over columns, and records with a text for each; `notes` say what was done to read them."""

    names: Sequence[str]
    records: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    comma_is_decimal: bool = False


def read_csv(text: str) -> Table:
    """The table of a CSV text with its names in the first line.

    Raises:
        ToolInputError: it has no names that are known, more rows than may come at a time, or a quote that is never closed.
    """
    text, notes = _mended(text)
    given = _SEP_LINE.match(text)
    text = text[given.end() :] if given else text
    delimiter = given[1] if given and given[1] in _DELIMITERS else _delimiter(text)
    records = [record for record in _records(text, delimiter, notes) if any(cell.strip() for cell in record)]
    if not records or not any(column.field for column in columns_of(records[0])):
        raise ToolInputError(
            "csv: the first line does not name the columns",
            advice="put names over the columns (name, website, email ...) and call again; get_doc imports lists what is understood",
        )
    notes.append(f"columns parted by {_DELIMITERS[delimiter]}")
    check_count("csv", len(records) - 1)
    return Table([name.strip() for name in records[0]], records[1:], notes, delimiter == ";")


def check_count(name: str, count: int) -> None:
    """Nothing, for as many rows as may come at a time.

    Raises:
        ToolInputError: there are none, or more.
    """
    if not 0 < count <= MOST_ROWS:
        raise ToolInputError(
            f"{name}: has {count:,} rows; an import takes 1 to {MOST_ROWS}",
            advice="nothing was kept; split it and preview each part" if count else "give rows below the names",
        )


def _mended(text: str) -> tuple[str, list[str]]:
    """The text as its writer meant it, and what was mended."""
    notes = []
    if text.count("\0") * 3 >= len(text):
        notes.append("read as UTF-16")
    elif "\0" in text:
        notes.append(f"{text.count(chr(0))} NUL characters left out")
    text = text.replace("\0", "")
    if _LATIN.search(text) or text.startswith("ï»¿"):
        try:
            text = text.encode("cp1252").decode("utf-8")
            notes.append("UTF-8 that was read as Windows-1252 was mended")
        except UnicodeError:
            pass
    if "\ufffd" in text:
        notes.append("some characters were lost before the text came here (U+FFFD)")
    return text.removeprefix("\ufeff").lstrip("\r\n"), notes


def _delimiter(text: str) -> str:
    """What parts the names of columns: that by which most of them are known, then that which gives most."""
    line = text[:20_000]

    def names(delimiter: str) -> tuple[int, int]:
        try:
            first = next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return sum(column.field is not None for column in columns_of(first)), len(first)

    return max(_DELIMITERS, key=names)


def _records(text: str, delimiter: str, notes: list[str]) -> list[list[str]]:
    """All records; quotes inside of cells that nobody doubled are taken as they stand.

    Raises:
        ToolInputError: a quote is not closed, or a cell has no end.
    """
    for strict in (True, False):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
        records: list[list[str]] = []
        try:
            records.extend(reader)
        except csv.Error as error:
            if strict and "expected after" in str(error):
                notes.append("quotes inside of cells taken as they stand")
                continue
            raise ToolInputError(
                f"csv: row {len(records)} has a quote that is not closed, or a cell of over {csv.field_size_limit():,} letters",
                advice="nothing was kept; close the quote and call again",
            ) from None
        return records
    return []
