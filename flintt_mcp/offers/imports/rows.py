"""The rows of a table as what they would make: arguments of create_company and create_prospect, or why a row makes nothing. Pure.

In: a table and which field each of its columns fills. Out: a `Row` for each record, in order, numbered from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.imports import cells
from flintt_mcp.offers.imports.cells import Wrong
from flintt_mcp.offers.imports.columns import Column
from flintt_mcp.offers.imports.delimited import Table, check_count

Check = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_URLS = frozenset({"website", "linkedin_url", "logo_url"})
_AMOUNT = "estimated_value"
_SHOWN = 200


class Row(msgspec.Struct, frozen=True):
    """What one record would make. `deal` is None where none is wanted; `why` says what is wrong with it."""

    number: int
    company: Mapping[str, Any] = {}
    deal: Mapping[str, Any] | None = None
    why: str = ""


class Checks(msgspec.Struct, frozen=True):
    """What the tools that make them say of the arguments of a company and of a deal; None where no deals are wanted."""

    company: Check
    deal: Check | None


def table_of(objects: Sequence[Mapping[str, Any]]) -> Table:
    """Objects as a table: a column for each key, in the order in which they come.

    Raises:
        ToolInputError: there are none, too many, more keys than a table has columns, or values that are no texts.
    """
    check_count("rows", len(objects))
    names = list(dict.fromkeys(name for row in objects for name in row))
    if len(names) > _SHOWN:
        raise ToolInputError(f"rows: have more than {_SHOWN} different keys", advice="give the same keys in every row")
    return Table(names, [[_cell(row.get(name)) for name in names] for row in objects])


def _cell(value: Any) -> str:
    if isinstance(value, list | dict):
        raise ToolInputError("rows: a value is a list or an object", advice="give texts and numbers, and call again")
    return "" if value is None or isinstance(value, bool) else str(value)


def rows_of(table: Table, columns: Sequence[Column], checks: Checks) -> list[Row]:
    """Every record of a table."""
    amounts = [column.field is not None and column.field.arg == _AMOUNT for column in columns]
    written = [cell for record in table.records for cell, is_one in zip(record, amounts, strict=False) if is_one]
    reader = _Reader(columns, checks, cells.decimal_comma(written, table.comma_is_decimal))
    return [reader.row(number, record) for number, record in enumerate(table.records, 1)]


class _Reader:
    """Reads records with one set of columns; `comma` is as in `cells.amount`."""

    def __init__(self, columns: Sequence[Column], checks: Checks, comma: bool) -> None:
        self._columns = columns
        self._checks = checks
        self._comma = comma

    def row(self, number: int, record: Sequence[str]) -> Row:
        """One record, or what is wrong with it."""
        if any(cell.strip() for cell in record[len(self._columns) :]):
            return Row(number, why=f"has {len(record)} cells under {len(self._columns)} names: is a cell not quoted?")
        try:
            found = self._fields(record)
            company, deal = (self._made(found, of) for of in ("company", "deal"))
            if not company.get("name"):
                return Row(number, company, why="has no company name")
            self._checks.company(company)
            if self._checks.deal is None:
                return Row(number, company)
            self._checks.deal({"company_id": "x", **deal})
        except Wrong as wrong:
            return Row(number, why=str(wrong))
        except ToolInputError as error:
            return Row(number, why=error.message)
        return Row(number, company, deal)

    def _fields(self, record: Sequence[str]) -> dict[tuple[str, str, int], str]:
        """The texts of a record, by what they make, field and part; of two columns the first that holds something."""
        found: dict[tuple[str, str, int], str] = {}
        for column, cell in zip(self._columns, record, strict=False):
            field = column.field
            if field is not None and (field.of == "company" or self._checks.deal is not None):
                self._take(found, (field.of, field.arg, field.part), cell)
            elif column.linkedin:
                self._take(found, ("deal" if "/in/" in cell else "company", "linkedin_url", 0), cell)
        return found

    def _take(self, found: dict[tuple[str, str, int], str], place: tuple[str, str, int], cell: str) -> None:
        try:
            value = cells.text(cell)
        except Wrong as wrong:
            raise Wrong(f"{place[1]} {wrong}") from None
        if value:
            found.setdefault(place, value)

    def _made(self, found: Mapping[tuple[str, str, int], str], of: str) -> dict[str, Any]:
        """The arguments of what is made."""
        texts: dict[str, str] = {}
        for kind, arg, part in sorted(found):
            if kind == of and (part == 0 or (of, arg, 0) not in found):
                texts[arg] = f"{texts[arg]} {found[kind, arg, part]}" if arg in texts else found[kind, arg, part]
        return {arg: self._value(arg, value) for arg, value in texts.items()}

    def _value(self, arg: str, value: str) -> Any:
        try:
            if arg in _URLS:
                return cells.url(value)
            if arg == _AMOUNT:
                return cells.amount(value, self._comma)
            return {"domain": cells.domain, "email": cells.email}.get(arg, str)(value)
        except Wrong as wrong:
            raise Wrong(f"{arg} {wrong}") from None
