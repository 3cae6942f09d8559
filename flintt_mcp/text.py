"""The text twin of a result: what a model reads when its client shows text only. Pure.

Rows become a compact table, a record becomes `key: value` lines; both stand on their own and never repeat the JSON.
Whatever came from an API is data: it is cleaned of characters that do not show, and cells cannot break out of their line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\xad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"  # soft hyphen, zero width, bidi controls
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e0fff"  # tags and variation selectors: text that only a model sees
    "]"
)
_IDLE_JOINERS = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]++|[\u200c\u200d]++(?![^\x00-\x7f])")
"""Zero width joiners and non-joiners anywhere but inside a script that needs them; looked for once the rest is gone."""
_MIN_ROWS_TO_HOIST = 3
_LINE_BREAKS = ("\n", "\r", "\u2028", "\u2029")


def clean(text: str) -> str:
    """The text without characters that do not show."""
    return text if text.isascii() and text.isprintable() else _IDLE_JOINERS.sub("", _INVISIBLE.sub("", text))


def clean_deep(value: Any) -> Any:
    """A JSON value with every text and every key in it cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): clean_deep(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_deep(item) for item in value]
    return value


def excerpt(text: str, most: int = 300) -> str:
    """At most `most` characters of a text from outside, cleaned and on one line."""
    line = clean(" ".join(clean(text[: most * 4]).split()))
    return line if len(line) <= most else clean(line[:most]) + "..."


def table(rows: Sequence[Any], names: Sequence[str]) -> str:
    """Rows of objects as lines of cells between bars, under one line of column names.

    Columns that are empty in every row are left out; those that hold one value in all of three or more rows are told once.
    """
    objects = [row for row in rows if isinstance(row, dict)]
    columns = _columns(objects, names)
    shared = [name for name, cells in columns.items() if len(cells) >= _MIN_ROWS_TO_HOIST and _is_one_value(cells)]
    told_once = ", ".join(f"{_cell(name)}={columns[name][0]}" for name in shared if columns[name][0])
    shown = [name for name, cells in columns.items() if name not in shared and any(cells)]
    lines = [f"same in all rows: {told_once}"] if told_once else []
    if shown:
        lines.append(" | ".join(map(_cell, shown)))
        lines += map(" | ".join, zip(*(columns[name] for name in shown), strict=True))
    lines += [_cell(row) for row in rows if not isinstance(row, dict)]
    return "\n".join(lines)


def _is_one_value(cells: Sequence[str]) -> bool:
    return cells[0] == cells[-1] and cells.count(cells[0]) == len(cells)


def _columns(objects: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, Sequence[str]]:
    """The cells of every column, in order."""
    if len(set(map(tuple, objects))) == 1:
        columns = dict(zip(objects[0], zip(*map(dict.values, objects), strict=True), strict=True))
        return {name: _cells(columns[name]) for name in _ordered(objects[:1], names)}
    return {name: _cells([row.get(name) for row in objects]) for name in _ordered(objects, names)}


def _cells(values: Sequence[Any]) -> Sequence[str]:
    """The cells of one column. Most are plain texts or empty, so what breaks a line is looked for in all of them at once."""
    texts = ["" if value is None else value for value in values] if None in values else values
    try:
        together = "".join(texts)
    except TypeError:
        return [_cell(value) for value in values]
    return [_cell(value) for value in values] if _breaks(together) else texts


def _breaks(cell: str) -> bool:
    """Whether a text would leave its cell."""
    return "|" in cell or "\n" in cell or "\t" in cell or "\r" in cell or "\u2028" in cell or "\u2029" in cell


def record(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """One object as `key: value` lines; empty fields are left out."""
    lines = ((name, _cell(fields[name], line_breaks=True)) for name in _ordered([fields], names))
    return "\n".join(f"{_cell(name)}: {text}" for name, text in lines if text)


def _ordered(objects: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """Documented names first, in their order; then whatever else the API sent."""
    present = dict.fromkeys(chain.from_iterable(objects))
    return [name for name in names if name in present] + [name for name in present if name not in names]


def _cell(value: Any, *, line_breaks: bool = False) -> str:
    if value is None or value == {} or value == []:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if line_breaks:
        return "\n  ".join(text.splitlines()) if any(mark in text for mark in _LINE_BREAKS) else text
    if _breaks(text):
        return " ".join(text.split()).replace("|", "\\|")
    return text
