"""docs/query.md: its tables are those there are, and each of its twenty questions is answered on the seeded sandbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flintt_mcp.offers.insight import engine
from flintt_mcp.offers.insight.tables import TABLES
from tests.apis.toolbox import open_sandboxed
from tests.offers.insight.asking import told

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs" / "query.md").read_text("utf-8")
QUESTIONS = re.findall(r"^### (.+?)\n\n```sql\n(.+?)```", PAGE, re.DOTALL | re.MULTILINE)


def test_there_are_twenty_questions() -> None:
    assert len(QUESTIONS) == PAGE.count("\n### ") == 20


def test_the_tables_of_the_page_are_those_there_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [(table.name, ", ".join(table.names), table.about) for table in TABLES.values()]


def test_the_limits_of_the_page_are_those_of_the_engine() -> None:
    assert f"may take {engine.SECONDS:g} seconds and {engine.HEAP >> 20} MB, and find {engine.MOST_ROWS:,} rows" in PAGE


async def test_characters_that_do_not_show_are_in_no_answer_though_a_statement_makes_them(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "SELECT 'a' || char(27, 8238, 917569) || 'b' AS \"x\u202ey\", json_array('c' || char(8203))"
    async with open_sandboxed(data_dir, monkeypatch) as app:
        found = await told(app, "query_workspace", sql=sql)
    assert found["rows"]["rows"][0][0] == "ab"
    assert found["rows"]["columns"][0] == "xy"
    assert all(character.isprintable() for character in str(found["rows"]))


async def test_every_question_is_answered_completely(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_sandboxed(data_dir, monkeypatch) as app:
        for question, sql in QUESTIONS:
            found = await told(app, "query_workspace", sql=sql, limit=500)
            empty = question in ("Which signals have never run?",)
            assert (found["count"] > 0 or empty, "note" in found) == (True, False), question
            assert found["coverage"], question
            assert found["complete"] or "next_cursor" in found, question
