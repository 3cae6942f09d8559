"""Rows as both forms of a result tell them: the names of the columns once, then values alone. Pure.

In: rows of an API, and which of their fields are wanted. Out: a `Table`, from which the structured form and the text twin are
both made, so that they hold the same rows and columns. A column that is empty in all rows is left out, and one that holds the same
in three or more is told once; but a column that stood in the rows of the page before does so again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

import msgspec

from flintt_mcp import text
from flintt_mcp.catalogue.argument import ALL_FIELDS, FIELDS
from flintt_mcp.catalogue.result import Listing
from flintt_mcp.errors import ToolInputError

LOOSE = "value"
"""The column of rows that are no objects."""
_FEWEST_ALIKE = 3
_MOST_EXACT = 2**53 - 1
_TEXTS = frozenset({str, type(None)})


class Columns(msgspec.Struct, frozen=True):
    """Which fields of rows are shown: `names` in that order; `others` that rows have are shown too, or named, or not told.

    Bit n of `kept` says that the column of the n-th name stood in the rows of the pages before; there were none while it is 0.
    """

    names: tuple[str, ...]
    others: Literal["shown", "named", "untold"] = "shown"
    kept: int = 0

    def of(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """The names of the columns for these rows, in order."""
        there = dict.fromkeys(chain.from_iterable(rows))
        named = [name for name in self.names if name in there]
        known = set(self.names)
        return named + [name for name in there if name not in known and (self.others == "shown" or name == LOOSE)]

    def first(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What is shown of the first of these rows, if there is one."""
        return {name: rows[0][name] for name in self.of(rows[:1])}

    @property
    def staying(self) -> Callable[[str], bool]:
        """Which columns stand in the rows whatever is in them; those that nobody documented do so on every further page."""
        if not self.kept:
            return lambda name: False
        free = {name for n, name in enumerate(self.names) if not self.kept >> n & 1}
        return lambda name: name not in free


class Table(msgspec.Struct, frozen=True):
    """Rows by column: `cells` holds the values of each, in the order of the rows; `same` what all rows have in common.

    `not_shown` names other fields that hold something in these rows. `kept` is as in `Columns`, for the next page.
    """

    count: int
    cells: Mapping[str, Sequence[Any]]
    same: Mapping[str, Any]
    not_shown: Sequence[str] = ()
    kept: int = 0

    @property
    def structured(self) -> dict[str, Any]:
        """The structured form."""
        rows = list(map(list, zip(*self.cells.values(), strict=True))) if self.cells else [[]] * self.count
        told = {"columns": list(self.cells), "rows": rows}
        return {**told, "same_in_all": dict(self.same)} if self.same else told

    @property
    def text(self) -> str:
        """The text twin."""
        return text.table(self.cells, self.same)


def wanted_columns(
    listing: Listing, asked: str | None, rows: Sequence[Mapping[str, Any]], kept: Sequence[int]
) -> Columns:
    """The columns of a list: those a call asked for by name, all, or those that people look at.

    Raises:
        ToolInputError: a name that no field has, neither documented nor in these rows.
    """
    documented = tuple(field.name for field in listing.columns)
    before = kept[0] if kept else 0
    if asked is None and listing.shown:
        return Columns(listing.shown, "named", before)
    if asked is None or asked.strip() == ALL_FIELDS:
        return Columns(documented, "shown", before)
    names = tuple(dict.fromkeys(filter(None, map(str.strip, asked.split(",")))))
    there = set(documented).union(*rows)
    if not before and (rows or listing.shown) and not there.issuperset(names):
        raise ToolInputError(
            f"{FIELDS}: names a field that {listing.rows} do not have",
            advice=f"give {ALL_FIELDS}, or some of {', '.join(documented)}",
        )
    return Columns(names, "untold", before)


def tabled(rows: Sequence[Mapping[str, Any]], columns: Columns) -> Table:
    """The table of these rows."""
    shown = columns.of(rows)
    stays, fewest = columns.staying, 1 if columns.kept else _FEWEST_ALIKE
    cells: dict[str, Sequence[Any]] = {}
    same: dict[str, Any] = {}
    for name in shown:
        values = _values(rows, name)
        if stays(name) or not _are_alike(values):
            cells[name] = values
        elif is_empty(values[0]):
            continue
        elif len(rows) < fewest:
            cells[name] = values
        else:
            same[name] = values[0]
    kept = columns.kept | sum(1 << n for n, name in enumerate(columns.names) if name in cells)
    return Table(len(rows), cells, same, _others(rows, shown) if columns.others == "named" else (), kept)


def _others(rows: Sequence[Mapping[str, Any]], shown: Collection[str]) -> list[str]:
    """The names of fields beside those shown that hold something."""
    others = dict.fromkeys(chain.from_iterable(rows))
    for name in shown:
        others.pop(name, None)
    return [name for name in others if not all(is_empty(row.get(name)) for row in rows)]


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """The values of one column; most hold texts alone, which are exact as they are."""
    values = [row.get(name) for row in rows]
    return values if _TEXTS.issuperset(map(type, values)) else [exact(value) for value in values]


def _are_alike(values: Sequence[Any]) -> bool:
    """Whether the values are one, or all empty; 1, 1.0 and true are three values."""
    first = values[0]
    if is_empty(first):
        return all(map(is_empty, values))
    if isinstance(first, str):
        return values.count(first) == len(values)
    token = msgspec.json.encode(first)
    return all(msgspec.json.encode(value) == token for value in values)


def exact(value: Any) -> Any:
    """The value, with integers as texts that would become others where a client reads numbers as floats."""
    if type(value) is int:
        return value if -_MOST_EXACT <= value <= _MOST_EXACT else str(value)
    if isinstance(value, dict):
        return {name: exact(item) for name, item in value.items()}
    return [exact(item) for item in value] if isinstance(value, list) else value


def is_empty(value: Any) -> bool:
    """Whether there is nothing to tell of a value."""
    return value is None or value == "" or value == [] or value == {}


def as_object(row: Any) -> dict[str, Any]:
    """The row, where it is an object; what is none is the one value of one."""
    return row if isinstance(row, dict) else {LOOSE: row}
