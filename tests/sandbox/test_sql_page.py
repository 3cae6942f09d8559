"""docs/sql-structure.md says how moments and ids are kept; a sandbox in which something of everything happened agrees."""

from __future__ import annotations

import re

import pytest

from flintt_mcp.sandbox.server import TABLES
from tests.sandbox.webhook_bench import Receiver, dispatcher, hook

pytestmark = pytest.mark.anyio

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MOMENT = re.compile(r"(^|_)(at|until|since|from)$")


async def test_moments_are_stamps_or_seconds_and_ids_texts_or_numbers_as_the_page_says(sandbox, flintt, clock):
    await hook(sandbox)
    for name in ("Delivered", "Waits"):
        await flintt.post("companies", json={"name": name})
    await dispatcher(sandbox, Receiver(answers=[500]), clock).round()

    def kinds(connection):
        found = {}
        for table, (_about, columns) in TABLES.items():
            for column in columns:
                query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 500"
                found[table, column] = [row[0] for row in connection.execute(query)]
        return found

    seen = 0
    for (table, column), values in (await sandbox.database.read(kinds)).items():
        about = TABLES[table][1][column]
        if MOMENT.search(column):
            seconds = "seconds since 1970" in about
            seen += bool(values)
            assert all(isinstance(v, float) if seconds else STAMP.fullmatch(str(v)) for v in values), (table, column)
        elif column == "id" or column.endswith("_id"):
            kind = int if table.startswith("flowmaticx_") or about == "The number 1." else str
            assert all(isinstance(value, kind) for value in values), (table, column)
    assert seen > 30
