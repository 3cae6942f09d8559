"""Random statements on a snapshot give the rows that they give on the sandbox's own database.

FLINTT_SELECTS says how many; the bench asks for 500 and more.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.apis.toolbox import open_sandboxed
from tests.clock import SetClock
from tests.offers.insight.asking import query
from tests.offers.insight.witness import witness

pytestmark = pytest.mark.anyio

SELECTS = int(os.environ.get("FLINTT_SELECTS", "500"))
TEXTS = {
    "companies": (
        "id",
        "name",
        "domain",
        "website",
        "linkedin_url",
        "sector",
        "size",
        "estimated_revenue",
        "created_at",
    ),
    "prospects": ("id", "company_id", "stage", "next_step", "visibility", "name", "email", "title", "updated_at"),
    "signals": ("id", "name", "description", "status", "frequency", "schedule", "created_at"),
    "runs": ("id", "signal_id", "status", "run_mode", "started_at", "ended_at", "completed_at"),
    "findings": (
        "id",
        "run_id",
        "signal_id",
        "company_id",
        "company_name",
        "summary",
        "why_now",
        "evidence_url",
        "found_at",
    ),
    "raw_finds": ("id", "run_id", "signal_id", "company_id", "company_name", "signal", "source_url", "source_type"),
}
NUMBERS = {
    "companies": ("length(name)",),
    "prospects": ("estimated_value_cents", "lead_score", "days_in_stage"),
    "signals": ("tool_count",),
    "runs": ("raw_count", "valid_count", "deal_count", "results_count"),
    "findings": ("confidence",),
    "raw_finds": ("length(signal)",),
}
JOINS = {
    "prospects": (("companies", "company_id", "id"),),
    "runs": (("signals", "signal_id", "id"),),
    "findings": (("companies", "company_id", "id"), ("runs", "run_id", "id"), ("raw_finds", "run_id", "run_id")),
    "raw_finds": (("signals", "signal_id", "id"),),
}
WORDS = ("a", "Sp", "%", "_", "on", "SaaS", "2026-0", "https", "won", "ed")


class Selects:
    """Random statements, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)

    def one(self) -> str:
        """A statement, bounded and in an order that leaves no choice where it is cut."""
        draw = self._draw
        table = draw.choice(list(TEXTS))
        source, tables = f"{table} t0", [table]
        if table in JOINS and draw.random() < 0.5:
            other, here, there = draw.choice(JOINS[table])
            source += f" {draw.choice(('JOIN', 'LEFT JOIN'))} {other} t1 ON t0.{here} = t1.{there}"
            tables.append(other)
        where = f" WHERE {self._condition(tables)}" if draw.random() < 0.8 else ""
        return self._grouped(source, tables, where) if draw.random() < 0.4 else self._plain(source, tables, where)

    def _plain(self, source: str, tables: list[str], where: str) -> str:
        columns = [self._column(tables) for _ in range(self._draw.randint(1, 4))]
        distinct = self._draw.choice(("", "DISTINCT "))
        order = ", ".join(f"{place} {self._draw.choice(('ASC', 'DESC'))}" for place in range(1, len(columns) + 1))
        return f"SELECT {distinct}{', '.join(columns)} FROM {source}{where} ORDER BY {order} LIMIT 40"

    def _grouped(self, source: str, tables: list[str], where: str) -> str:
        key = self._text(tables)
        number = self._number(tables)
        sums = (
            f"count({number})",
            f"min({number})",
            f"max({number})",
            f"round(avg({number}), 6)",
            f"round(sum({number}), 6)",
        )
        having = self._draw.choice(("", "", f" HAVING count(*) > {self._draw.randint(1, 4)}"))
        chosen = self._draw.choice(sums)
        return f"SELECT {key}, count(*), {chosen} FROM {source}{where} GROUP BY 1{having} ORDER BY 2 DESC, 1 LIMIT 40"

    def _column(self, tables: list[str]) -> str:
        text = self._text(tables)
        forms = (
            text,
            text,
            text,
            self._number(tables),
            f"length({text})",
            f"substr({text}, 1, 7)",
            f"coalesce({text}, '-')",
        )
        return self._draw.choice((*forms, f"{text} IS NULL", f"instr({text}, 'a')", f"date({text})", f"typeof({text})"))

    def _condition(self, tables: list[str]) -> str:
        draw, text, number = self._draw, self._text(tables), self._number(tables)
        parts = (
            f"{text} IS {draw.choice(('', 'NOT '))}NULL",
            f"{text} LIKE '%{draw.choice(WORDS)}%'",
            f"{text} {draw.choice(('<', '>=', '<>'))} '{draw.choice(WORDS)}'",
            f"{number} {draw.choice(('<', '>', '='))} {draw.choice((0.5, 1, 3, 20, 60, 1_000_000))}",
            f"{number} BETWEEN 1 AND {draw.randint(2, 90)}",
            f"{text} IN (SELECT {self._text(tables[:1]).replace('t0.', '')} FROM {tables[0]} LIMIT 1000)",
        )
        joined = f" {draw.choice(('AND', 'OR'))} ".join(draw.sample(parts, draw.randint(1, 2)))
        return f"NOT ({joined})" if draw.random() < 0.2 else joined

    def _text(self, tables: list[str]) -> str:
        place = self._draw.randrange(len(tables))
        return f"t{place}.{self._draw.choice(TEXTS[tables[place]])}"

    def _number(self, tables: list[str]) -> str:
        place = self._draw.randrange(len(tables))
        name = self._draw.choice(NUMBERS[tables[place]])
        return name.replace("(", f"(t{place}.") if "(" in name else f"t{place}.{name}"


async def test_random_statements_give_the_rows_of_the_database(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, selects = SetClock(), Selects(11)
    own = witness(data_dir, clock.moment)
    found = 0
    async with open_sandboxed(data_dir, monkeypatch, clock, result_limit=1_000_000) as app:
        for _ in range(SELECTS):
            sql = selects.one()
            expected: list[tuple[Any, ...]] = own.execute(sql).fetchall()
            assert await query(app, sql) == expected, sql
            found += bool(expected)
    own.close()
    assert found > SELECTS / 2, "most statements have to find something, or nothing is shown"
