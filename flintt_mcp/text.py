"""The text twin of a result: what a model reads when its client shows text only. Pure.

Rows become a compact table, a record becomes `key: value` lines; both stand on their own and never repeat the JSON.
Whatever came from an API is data: it is cleaned of characters that do not show, and cells cannot break out of their line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
_LINE_BREAKS = ("\n", "\r", "\u2028", "\u2029")


KEYS = (
    r"\b(?:flt|fp_live|fp_test|lg_live|whsec)_[A-Za-z0-9_\-]+"
    r"|\bflextell_[a-z]+_[A-Za-z0-9_\-]{20,}"
    r"|\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+"
)
"""A pattern of the keys and tokens that their beginning gives away."""


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


def table(cells: Mapping[str, Sequence[Any]], same: Mapping[str, Any]) -> str:
    """Rows as lines of cells between bars, under one line of column names; above it what all rows have in common.

    `cells` maps the name of a column to its values, in the order of the rows.
    """
    told_once = ", ".join(f"{_cell(name)}={_cell(value)}" for name, value in same.items())
    lines = [f"same in all rows: {told_once}"] if told_once else []
    if cells:
        lines.append(" | ".join(map(_cell, cells)))
        lines += map(" | ".join, zip(*map(_cells, cells.values()), strict=True))
    return "\n".join(lines)


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
    """One object as `key: value` lines, documented names first; empty fields are left out."""
    ordered = [*(name for name in names if name in fields), *(name for name in fields if name not in names)]
    lines = ((name, _cell(fields[name], line_breaks=True)) for name in ordered)
    return "\n".join(f"{_cell(name)}: {text}" for name, text in lines if text)


def _cell(value: Any, *, line_breaks: bool = False) -> str:
    if value is None or value == {} or value == []:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if line_breaks:
        return "\n  ".join(text.splitlines()) if any(mark in text for mark in _LINE_BREAKS) else text
    if _breaks(text):
        return " ".join(text.split()).replace("|", "\\|")
    return text
