"""The tables of a page of docs/ as it is kept: what a person reads there, to be held against what the product does.

In: the page's text. Out: its rows as dictionaries by the heads of their columns, without code marks. Nothing is generated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flintt_mcp.offers.handbook.documents import default_folder

Row = dict[str, str]
_BAR = re.compile(r"(?<!\\)\|")


def page(name: str) -> str:
    """The text of a page of docs/."""
    return (default_folder() / name).read_text("utf-8")


def rows_of(text: str, first: str) -> list[Row]:
    """The rows of every table whose first column has this head."""
    return [row for row in _rows(text) if next(iter(row)) == first]


def _rows(text: str) -> Iterator[Row]:
    head: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in _BAR.split(line)[1:-1]]
        if not cells or not head:
            head = cells
        elif set("".join(cells)) != {"-"}:
            yield dict(zip(head, cells, strict=True))
