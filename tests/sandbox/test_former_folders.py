"""A data folder that an earlier version wrote opens whole: every row of every table, and every key that was shown once."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx2
import pytest

from flintt_mcp.calls.intent import State
from flintt_mcp.sandbox.delivery.signing import signing_secret
from flintt_mcp.sandbox.ground.folder import open_folder
from flintt_mcp.sandbox.server import APIS, MIGRATIONS, open_sandbox
from flintt_mcp.sqlite import Migration
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.server_file import server_file
from tests.sandbox.former.write_folder import JOB, STORE_KEY

pytestmark = pytest.mark.anyio

FOLDERS = sorted((Path(__file__).parent / "former").glob("*.zip"))
RUNS_AS_THEY_ARE = "SELECT sql FROM sqlite_master WHERE name = 'flintt_runs'"


@pytest.fixture(params=FOLDERS, ids=lambda archive: archive.stem)
def former(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with ZipFile(request.param) as archive:
        archive.extractall(tmp_path / "data")
    return tmp_path / "data"


def told(folder: Path) -> dict[str, Any]:
    """What was shown once when the folder was written."""
    return json.loads((folder / "told.json").read_text())


def content(path: Path, like: dict[str, list[dict[str, Any]]] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, in the order of insertion; of another content only the tables and columns that it has."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for table in like or tables:
            columns = ", ".join(like[table][0]) if like and like[table] else "*"
            found[table] = [dict(row) for row in connection.execute(f"SELECT {columns} FROM {table} ORDER BY rowid")]
        return found


async def test_every_row_of_a_former_version_is_there_afterwards(former):
    before = content(former / "sandbox.db")
    async with open_sandbox(former):
        pass

    after = content(former / "sandbox.db", like=before)
    assert {table: rows for table, rows in before.items() if after[table] != rows} == {}
    assert sum(map(len, before.values())) > 250


async def test_what_was_shown_once_is_still_good(former):
    shown = told(former)
    async with open_sandbox(former) as sandbox:
        transport = httpx2.ASGITransport(app=sandbox.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox/") as client:
            found = await client.get(
                "flintt/v1/companies", params={"name": "Acme"}, headers={"X-API-Key": shown["flintt_key"]}
            )
        salt = await sandbox.database.read(
            lambda connection: connection.execute(
                "SELECT signing_salt FROM webhook_endpoints WHERE id = ?", (shown["webhook"],)
            ).fetchone()[0]
        )

        assert [company["id"] for company in found.json()] == [shown["company"]["id"]]
        assert signing_secret(sandbox.ground.digester, salt) == shown["signing_secret"]


async def test_the_servers_own_file_of_a_former_version_opens_and_takes_intents(former, clock):
    file = server_file(former)
    intents = StoredIntents(file, STORE_KEY, clock.seconds, Journal(b"k" * 32))
    intent, ours = await intents.claim(JOB, State.EXECUTING, clock.seconds() + 50)

    assert (ours, await intents.claim(JOB, State.EXECUTING, 0.0)) == (True, (intent, False))
    assert await file.read(lambda connection: connection.execute("SELECT count(*) FROM requests").fetchone()[0]) == 1
    file.close()


async def test_a_status_added_to_runs_by_a_later_version_costs_no_result(former):
    def add_a_status(connection: sqlite3.Connection) -> None:
        made = connection.execute(RUNS_AS_THEY_ARE).fetchone()["sql"]
        wider = made.replace("flintt_runs", "new_runs", 1).replace("'failed')", "'failed', 'cancelled')")
        for statement in (
            wider,
            "INSERT INTO new_runs SELECT * FROM flintt_runs",
            "DROP TABLE flintt_runs",
            "ALTER TABLE new_runs RENAME TO flintt_runs",
        ):
            connection.execute(statement)

    before = content(former / "sandbox.db")
    later = [*MIGRATIONS, Migration("flintt: a run may be cancelled", (add_a_status,))]
    database, _ = await open_folder(former, later, {api.name: api.sow for api in APIS})
    await database.write(lambda connection: connection.execute("UPDATE flintt_runs SET status = 'cancelled' WHERE 0"))
    database.close()

    after = content(former / "sandbox.db", like=before)
    assert {table: len(rows) for table, rows in before.items() if after[table] != rows} == {}
    assert content(next(former.glob("sandbox.db.v*"))) == before
