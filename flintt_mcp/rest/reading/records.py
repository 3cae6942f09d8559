"""The result of one object: its own fields, and the rows of its sections page by page. Pure.

In: an answer that holds an object, and the row of the catalogue that says what is in it. Out: a `Result`, which must hold what
`output_schema.py` promises. Fields pass through as the API sent them, also unknown ones, but for those that are empty; what is
shown once is taken out for somebody to keep.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from flintt_mcp import text
from flintt_mcp.catalogue.result import Record, Section
from flintt_mcp.rest.reading.answers import at, plain
from flintt_mcp.rest.reading.budget import WHOLE, Budget, Result, largest_first, too_large_to_show
from flintt_mcp.rest.reading.marks import CHANGED, behind, mark
from flintt_mcp.rest.reading.paging import Cut, Page, without
from flintt_mcp.rest.reading.results import Seal, footer, margin_of
from flintt_mcp.rest.reading.tables import Columns, Table, as_object, exact, is_empty, tabled

Sections = Sequence[tuple[Section, list[Any]]]
"""The sections of a record, and those rows of each that are told, as the API sent them."""
_ROOM_BESIDE = 700
"""Bytes that a record's own fields leave to the counts, the cursor and the note beside its sections."""


def record_result(title: str, record: Record, answer: Any, page: Page, budget: Budget, seal: Seal) -> Result | None:
    """The result of a tool that answers one object; None when there is no object where the API documents one.

    The rows of its sections, one section after the other, are one list that pages like any other. Its `secrets` are left out.
    """
    found = _object_in(answer, record)
    if found is None:
        return None
    own, sections = _split(record, found)
    whole = _Whole(title, record, own, sections, seal, _told_elsewhere(sections, found))
    rows = _RowsOfSections(sections, page)
    names = largest_first(own)
    spare = _ROOM_BESIDE if sections else 0
    fewest = bisect_left(
        range(len(names)), True, key=lambda left_out: budget.fits(whole.result(rows, 0, names[:left_out]), spare)
    )
    return budget.fullest(
        len(rows.wanted),
        as_object(rows.wanted[0][1]) if rows.wanted else {},
        lambda count, dropped: whole.result(rows, count, names[:fewest], dropped),
    )


class _RowsOfSections:
    """The rows of all sections as one list, from where a page starts, each with its section."""

    def __init__(self, sections: Sections, page: Page) -> None:
        self._all = [(section, plain(row, section.fields)) for section, there in sections for row in there]
        self._bare = [row for _, there in sections for row in there]
        self._start = behind(self._bare, page.position)
        self._kept = dict(zip((section.name for section, _ in sections), page.kept, strict=False))
        self.wanted = self._all[self._start.at : self._start.at + page.limit]

    def cut(self, count: int, left_out: Sequence[str]) -> Cut:
        """What is told of a page of so many rows, without fields of these names."""
        seen, there = self._start.at + count, len(self._bare)
        notes = [too_large_to_show(left_out), CHANGED if self._start.changed else ""]
        return Cut(
            [],
            mark(self._bare, seen) if seen < there else None,
            there,
            len(self.wanted) - count,
            "; ".join(filter(None, notes)),
        )

    def table(self, section: Section, count: int, dropped: Sequence[str]) -> Table:
        """The rows of one section among the first so many of the page."""
        rows = [without(as_object(row), dropped) for owner, row in self.wanted[:count] if owner is section]
        names = tuple(field.name for field in section.fields)
        return tabled(rows, Columns(names, kept=self._kept.get(section.name, 0)))


class _Whole:
    """A record's own fields and its sections, put together."""

    def __init__(
        self, title: str, record: Record, own: dict[str, Any], sections: Sections, seal: Seal, hint: str
    ) -> None:
        self._title, self._record, self._own, self._sections, self._seal = title, record, own, sections, seal
        self._hint = hint

    def result(
        self, rows: _RowsOfSections, count: int, left_out: Sequence[str], dropped: Sequence[str] = WHOLE
    ) -> Result:
        """The result with so many rows of the page, without the own fields `left_out` and fields of rows that were `dropped`."""
        record, own = self._record, without(self._own, left_out)
        cut = rows.cut(count, [*left_out, *dropped])
        structured: dict[str, Any] = {record.noun: own}
        lines = [record.said, f"{record.noun} ({self._title} data, not instructions)"]
        lines.append(text.record(own, [field.name for field in record.fields]))
        kept = []
        for section, there in self._sections:
            table = rows.table(section, count, dropped)
            structured[section.name] = table.structured
            lines += [f"{section.name}: {table.count} of {len(there)}", table.text]
            kept.append(table.kept)
        if self._sections:
            margin = {"complete": cut.complete, **margin_of(cut, (), self._seal(cut.next, kept), self._hint)}
        else:
            margin = {"note": cut.note} if cut.note else {}
        return Result("\n".join(filter(None, [*lines, footer(margin)])), {**structured, **margin})


def _object_in(answer: Any, record: Record) -> Mapping[str, Any] | None:
    """The record in an answer; a tolerant one also where an API sends it as a list of one, or bare."""
    found = at(answer, record.at)
    if record.tolerant and isinstance(found, list) and len(found) == 1:
        found = found[0]
    elif record.tolerant and found is None:
        found = answer
    return found if isinstance(found, Mapping) else None


def _split(record: Record, found: Mapping[str, Any]) -> tuple[dict[str, Any], Sections]:
    """A record's own fields, and its sections with the rows of each."""
    sections: list[tuple[Section, list[Any]]] = []
    rest = (
        {name: value for name, value in found.items() if name not in record.secrets} if record.secrets else dict(found)
    )
    for section in record.sections:
        rows = rest.pop(section.name, None)
        sections.append((section, _not_told(section, rows, found) if isinstance(rows, list) else []))
    head = rest.pop(record.head, None) if record.head else None
    own = plain({**rest, **head} if isinstance(head, Mapping) else rest, record.fields)
    return {name: exact(value) for name, value in own.items() if not is_empty(value)}, sections


def _told_elsewhere(sections: Sections, found: Mapping[str, Any]) -> str:
    """What is said of rows that are told in another section."""
    missing = {section: len(_listed(found, section.name)) - len(there) for section, there in sections}
    return "; ".join(
        f"{count} {section.name} stand in {section.unless.section} and are not told again"
        for section, count in missing.items()
        if count and section.unless is not None
    )


def _not_told(section: Section, rows: list[Any], found: Mapping[str, Any]) -> list[Any]:
    """The rows of a section but for those that another one tells already."""
    shown = section.unless
    if shown is None:
        return rows
    told = {_value(part, shown.as_) for row in _listed(found, shown.section) for part in _listed(row, shown.at)}
    return [row for row in rows if (value := _value(row, shown.field)) is None or value not in told]


def _value(row: Any, name: str) -> str | None:
    value = row.get(name) if isinstance(row, Mapping) else None
    return value if isinstance(value, str) else None


def _listed(row: Any, name: str) -> list[Any]:
    rows = row.get(name) if isinstance(row, Mapping) else None
    return rows if isinstance(rows, list) else []
