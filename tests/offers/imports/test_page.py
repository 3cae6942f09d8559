"""The page on imports says what the rows of the code say."""

from __future__ import annotations

from flintt_mcp.offers.handbook.documents import default_folder
from flintt_mcp.offers.imports.columns import FIELDS, LINKEDIN
from flintt_mcp.offers.imports.delimited import MOST_ROWS
from flintt_mcp.offers.imports.described import LONGEST_CSV
from flintt_mcp.offers.imports.described import MOST_ROWS as DESCRIBED
from flintt_mcp.state.imports import FEW

PAGE = (default_folder() / "imports.md").read_text("utf-8")


def mapping() -> str:
    """The table of names of columns, as the page has it."""
    lines = ["| a column of this name | fills |", "| --- | --- |"]
    for field in FIELDS:
        part = {1: " (the first part)", 2: " (the last part)"}.get(field.part, "")
        lines.append(f"| {', '.join(field.called)} | {field.told}{part} |")
    return "\n".join(lines)


def test_the_table_of_columns_is_the_one_that_is_used() -> None:
    assert mapping() in PAGE
    assert f"{', '.join(LINKEDIN[:-1])} or {LINKEDIN[-1]}" in PAGE


def test_bounds_are_those_of_the_code() -> None:
    assert f"At most {MOST_ROWS} rows at a time" in PAGE
    assert (MOST_ROWS, FEW, LONGEST_CSV) == (DESCRIBED, 5, 1_000_000)
    assert "the five latest" in " ".join(PAGE.split())
