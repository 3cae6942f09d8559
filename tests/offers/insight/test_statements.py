"""What a statement may write: a name in double quotes is a name alone, and JSON comes apart into rows."""

from __future__ import annotations

import marshal
from typing import Any

import pytest

from flintt_mcp.offers.insight import engine
from flintt_mcp.offers.insight.statement import told
from flintt_mcp.offers.insight.tables import COMPANIES

SCHEMA = {"companies": (("name", "TEXT"), ("enrichment_data", "TEXT"))}
ROWS = {"companies": [marshal.dumps([("Acme", '{"tags": ["a", "b"]}'), ("Nova", None)])]}


def asked(sql: str) -> Any:
    """The columns and rows of a statement over two companies, or its fault."""
    if isinstance(reads := engine.reads(SCHEMA, sql), engine.Fault):
        return reads
    found = engine.answer(SCHEMA, sql, {"companies": ("name", "enrichment_data")}, ROWS)
    return found if isinstance(found, engine.Fault) else (found.columns, found.rows)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "nmae" FROM companies',
        'SELECT name FROM companies ORDER BY "nmae"',
        "SELECT name FROM companies WHERE \"nmae\" = 'it''s \"so\"'",
        'SELECT /* " */ name, \'"\' AS [a"b] FROM companies -- "\n WHERE name = "nmae"',
    ],
)
def test_a_name_in_double_quotes_that_is_none_is_told_and_no_text(sql: str) -> None:
    fault = asked(sql)
    assert fault == engine.Fault("sql", "no such column: nmae")
    message = told(fault, sql, [COMPANIES]).message
    assert message.startswith("sql: no such column: nmae; a text stands in single quotes; did you mean name? companies")


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ('SELECT "name" FROM "companies" ORDER BY "name" LIMIT 1', ("name",)),
        ('SELECT name AS "of ""the"" `firm`" FROM companies c ORDER BY c."name" LIMIT 1', ('of "the" `firm`',)),
        ("SELECT name AS `a\"b` FROM companies WHERE name <> '\"' ORDER BY 1 LIMIT 1", ('a"b',)),
    ],
)
def test_names_in_quotes_name_columns(sql: str, columns: tuple[str, ...]) -> None:
    assert asked(sql) == (columns, [("Acme",)])


@pytest.mark.parametrize("table", ["json_each", "json_tree"])
def test_json_comes_apart_into_rows(table: str) -> None:
    sql = f"SELECT name, value FROM companies, {table}(enrichment_data, '$.tags') WHERE type = 'text'"
    assert asked(sql) == (("name", "value"), [("Acme", "a"), ("Acme", "b")])


def test_a_table_of_json_does_not_go_past_the_limits() -> None:
    many = "(SELECT '[' || group_concat(a.value) || ']' FROM json_each('[1,2,3,4,5,6,7,8,9,0]') a)"
    fault = asked(f"SELECT * FROM {', '.join(f'json_each({many}) t{number}' for number in range(5))}")
    assert fault in (engine.Fault("too many rows"), engine.Fault("time"))
